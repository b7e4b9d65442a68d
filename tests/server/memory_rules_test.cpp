// Who gets memory, who waits and who must let go: without sockets, at the byte and the millisecond.
// What comes of it for real clients is in connection_memory_test.cpp.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <cubby/cache.hpp>

#include "server/connection_memory.hpp"
#include "support/manual_clock.hpp"

namespace cubby::server {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kMost = 4 * kMiB;
constexpr std::size_t kLargestPromise = kMost / 4;  // of which three may be given

// A connection as a test wants it to be.
class Peer final : public MemoryUser {
 public:
  Holdings holdings() const noexcept override { return held; }
  std::optional<std::size_t> body_bytes_ahead() const noexcept override { return ahead; }
  std::uint64_t arrived_bytes() const noexcept override { return arrived; }
  bool trusted() const noexcept override { return is_trusted; }
  void let_go() noexcept override {
    held = {};
    ahead = 0;
    ++times_let_go;
  }
  void resume(std::unique_ptr<MemoryUser> self) noexcept override { kept = std::move(self); }

  bool waits() const { return kept == nullptr; }

  Holdings held;
  std::optional<std::size_t> ahead = 0;
  std::uint64_t arrived = 0;
  bool is_trusted = false;
  int times_let_go = 0;
  std::unique_ptr<MemoryUser> kept;  // itself, unless it waits
};

class MemoryRulesTest : public testing::Test {
 protected:
  ~MemoryRulesTest() override {
    memory_.resume_all();
    while (!peers_.empty()) close(*peers_.back());
  }

  Peer& open() {
    auto peer = std::make_unique<Peer>();
    Peer& opened = *peer;
    opened.kept = std::move(peer);
    memory_.opened();
    peers_.push_back(&opened);
    return opened;
  }

  void close(Peer& peer) {
    std::erase(peers_, &peer);
    memory_.closed(peer);
    const auto last = std::move(peer.kept);
  }

  // Opens a connection that has so much of a body to come, and reads it or waits, as a session
  // does.
  Peer& begin(std::optional<std::size_t> ahead, bool trusted = false) {
    Peer& peer = open();
    peer.is_trusted = trusted;
    peer.ahead = ahead;
    go_on(peer);
    return peer;
  }

  void go_on(Peer& peer) {
    memory_.account(peer);
    if (!memory_.may_read(peer)) memory_.wait(std::move(peer.kept));
  }

  void finish(Peer& peer) {
    peer.ahead = 0;
    peer.held = {};
    memory_.account(peer);
  }

  std::vector<Peer*> fill() {
    return {&begin(kLargestPromise), &begin(kLargestPromise), &begin(kLargestPromise)};
  }

  void pass(std::chrono::milliseconds time) {
    clock_.advance(time);
    memory_.look_after(clock_.now());
  }

  test::ManualClock clock_;
  Cache cache_{CacheOptions{}};
  ConnectionMemory memory_{cache_, clock_, kMost};
  std::vector<Peer*> peers_;
};

TEST_F(MemoryRulesTest, ALittleIsTakenFromEverybody) {
  fill();
  EXPECT_FALSE(begin(kFreelyTakenBytes).waits());
  EXPECT_TRUE(begin(kFreelyTakenBytes + 1).waits());
}

TEST_F(MemoryRulesTest, OfUnknownLengthALittleIsTakenToo) {
  fill();
  Peer& peer = begin(std::nullopt);
  EXPECT_FALSE(peer.waits());
  peer.held.own = kFreelyTakenBytes;
  go_on(peer);
  EXPECT_FALSE(peer.waits());
  ++peer.held.own;
  go_on(peer);
  EXPECT_TRUE(peer.waits());
}

TEST_F(MemoryRulesTest, ThreeQuartersArePromised) {
  EXPECT_FALSE(begin(kLargestPromise).waits());
  EXPECT_FALSE(begin(kLargestPromise).waits());
  EXPECT_FALSE(begin(kLargestPromise - 100'000).waits());
  EXPECT_TRUE(begin(100'001).waits());
}

TEST_F(MemoryRulesTest, OneCountsWithAQuarterAtMost) {
  EXPECT_FALSE(begin(100 * kMost).waits());
  EXPECT_FALSE(begin(2 * kLargestPromise).waits());
  EXPECT_FALSE(begin(kLargestPromise).waits());
  EXPECT_TRUE(begin(kLargestPromise).waits());
}

TEST_F(MemoryRulesTest, WhoWaitsIsResumedWhenABodyHasEnded) {
  const auto peers = fill();
  Peer& next = begin(kLargestPromise);
  ASSERT_TRUE(next.waits());
  finish(*peers[1]);
  EXPECT_FALSE(next.waits());
  EXPECT_TRUE(memory_.may_read(next)) << "what it has is a promise";
  EXPECT_FALSE(memory_.tight());
}

TEST_F(MemoryRulesTest, WhoWaitsIsResumedWhenAConnectionHasGone) {
  const auto peers = fill();
  Peer& next = begin(kLargestPromise);
  close(*peers[0]);
  EXPECT_FALSE(next.waits());
}

TEST_F(MemoryRulesTest, WhoHasRoomByTheTimeThatItWaitsIsResumedAtOnce) {
  const auto peers = fill();
  Peer& late = open();
  late.ahead = kLargestPromise;
  memory_.account(late);
  ASSERT_FALSE(memory_.may_read(late));
  finish(*peers[0]);
  memory_.wait(std::move(late.kept));
  EXPECT_FALSE(late.waits());
}

TEST_F(MemoryRulesTest, TheTrustedGoFirst) {
  const auto peers = fill();
  Peer& untrusted = begin(kLargestPromise);
  Peer& trusted = begin(kLargestPromise, true);
  finish(*peers[0]);
  EXPECT_FALSE(trusted.waits());
  EXPECT_TRUE(untrusted.waits());
}

TEST_F(MemoryRulesTest, OfTheOthersTheLatestAndTheFirstInTurn) {
  const auto peers = fill();
  std::vector<Peer*> waiting;
  for (int i = 0; i < 4; ++i) waiting.push_back(&begin(kLargestPromise));
  const auto who_waits = [&] {
    std::string result;
    for (const Peer* peer : waiting) result += peer->waits() ? 'w' : '-';
    return result;
  };
  finish(*peers[0]);
  EXPECT_EQ(who_waits(), "www-");
  finish(*peers[1]);
  EXPECT_EQ(who_waits(), "-ww-");
  finish(*peers[2]);
  EXPECT_EQ(who_waits(), "-w--");
}

TEST_F(MemoryRulesTest, WhoWaitsCanBeCalledOff) {
  fill();
  Peer& first = begin(kLargestPromise);
  Peer& second = begin(kLargestPromise, true);
  memory_.stop_waiting(first);
  EXPECT_FALSE(first.waits());
  EXPECT_TRUE(second.waits());
  memory_.stop_waiting(second);
  EXPECT_FALSE(second.waits());
  EXPECT_FALSE(memory_.tight());
}

TEST_F(MemoryRulesTest, AQuarterOfASecondWithoutEnoughIsTooSlowWhileOthersWait) {
  constexpr std::size_t kEnough = kLeastBodyRate / 4;
  const auto peers = fill();
  pass(10 * kFirstRateWindow);
  for (const Peer* peer : peers) EXPECT_EQ(peer->times_let_go, 0) << "nobody waits";
  for (Peer* peer : peers) peer->arrived += 10'000'000;
  pass(std::chrono::milliseconds(0));
  begin(kLargestPromise);
  pass(std::chrono::milliseconds(0));
  peers[0]->arrived += kEnough;
  peers[1]->arrived += kEnough - 1;
  peers[2]->arrived += kEnough;
  pass(kFirstRateWindow - std::chrono::milliseconds(1));
  EXPECT_EQ(peers[1]->times_let_go, 0);
  pass(std::chrono::milliseconds(1));
  EXPECT_EQ(peers[0]->times_let_go, 0);
  EXPECT_EQ(peers[1]->times_let_go, 1);
  EXPECT_EQ(peers[2]->times_let_go, 0);
}

TEST_F(MemoryRulesTest, TheTrustedHaveASecond) {
  Peer& trusted = begin(kLargestPromise, true);
  begin(kLargestPromise);
  begin(kLargestPromise);
  begin(kLargestPromise);
  pass(kTrustedRateWindow - std::chrono::milliseconds(1));
  EXPECT_EQ(trusted.times_let_go, 0);
  begin(kLargestPromise);
  begin(kLargestPromise);
  begin(kLargestPromise);
  pass(std::chrono::milliseconds(1));
  EXPECT_EQ(trusted.times_let_go, 1);
}

TEST_F(MemoryRulesTest, WhoGotOnLongestAgoLetsGoWhenItIsTooMuch) {
  std::vector<Peer*> readers;
  for (int i = 0; i < 5; ++i) {
    Peer& peer = begin(0);
    peer.held.own = kMost / 4;
    go_on(peer);
    readers.push_back(&peer);
    if (i == 1) go_on(*readers[0]);
  }
  EXPECT_EQ(readers[0]->times_let_go, 0) << "it has got on since";
  EXPECT_EQ(readers[1]->times_let_go, 1);
  for (std::size_t i = 2; i < 5; ++i) EXPECT_EQ(readers[i]->times_let_go, 0);
}

TEST_F(MemoryRulesTest, AShortageIsRememberedForAWhile) {
  pass(std::chrono::milliseconds(0));
  EXPECT_FALSE(memory_.wanted());
  Peer& stands = begin(kLargestPromise);
  Cache::Reservation all(cache_);
  std::size_t bytes = CacheOptions{}.max_memory_bytes;
  while (!all.resize(bytes)) bytes -= kMiB;
  while (all.resize(bytes += 4096)) {
  }
  EXPECT_EQ(cache_.put("k", std::string(500'000, 'v')), PutOutcome::no_room);
  pass(kFirstRateWindow);
  EXPECT_TRUE(memory_.wanted());
  EXPECT_EQ(stands.times_let_go, 1);
  pass(kShortageTime - std::chrono::milliseconds(1));
  EXPECT_TRUE(memory_.wanted());
  pass(std::chrono::milliseconds(1));
  EXPECT_FALSE(memory_.wanted());
}

}  // namespace
}  // namespace cubby::server
