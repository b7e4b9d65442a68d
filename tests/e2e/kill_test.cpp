// The program is stopped, and killed, at any moment and under load.
//
// What a stop owes to whom (RFC 9112, section 9.6): a request is answered, unless a reply before it
// on its connection has said that the connection closes, or the connection had been silent for so
// long that it was closed as an idle one. So it is a lost request when the connection ends without
// a reply to it and
// - it was sent, to its last byte, before the signal; or
// - no reply has said "close", and it was sent within kGrace of the request before it: that one was
//   answered before the server began to stop, and for kGrace from there it listens.

#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/child_process.hpp"
#include "support/client.hpp"
#include "support/sanitizers.hpp"

namespace cubby::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRounds = kSanitized ? 10 : 100;
constexpr int kClients = 8;
constexpr std::chrono::milliseconds kGrace{100};

// Clients that go on until their connections end.
class Load {
 public:
  explicit Load(const Address& address) : address_(address) {
    for (int id = 0; id < kClients; ++id) threads_.emplace_back([this, id] { run(id); });
  }
  ~Load() { join(); }

  void wait_for_answers(int count) const {
    const auto deadline = Clock::now() + kPatience;
    while (answered_ < count && Clock::now() < deadline) std::this_thread::yield();
    EXPECT_GE(answered_, count);
  }

  // Requests that are sent from now on need not be answered in every case.
  void expect_signal() { signalled_ = true; }

  void join() {
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

  // Valid after join().
  const std::vector<std::string>& lost() const { return lost_; }

 private:
  // A batch of requests in one piece, its size and mixture being the client's.
  static std::string batch_of(int id) {
    std::string batch;
    for (int i = 0; i < depth_of(id); ++i) {
      batch += (id + i) % 2 == 0 ? put("k", std::string(std::size_t{1} << (2 * id), 'v'))
                                 : get("/health");
    }
    return batch;
  }
  static int depth_of(int id) { return id % 4 + 1; }

  void run(int id) {
    const std::string batch = batch_of(id);
    while (talk(id, batch)) {
    }
  }

  // One connection. False when it has ended before its time.
  bool talk(int id, const std::string& batch) {
    constexpr int kBatchesOfShortLife = 20;
    const bool is_short = id % 4 == 3;
    std::optional<Client> client;
    try {
      client.emplace(address_);
    } catch (const std::exception&) {
      return false;
    }
    std::optional<Clock::time_point> previous;
    for (int i = 0; !is_short || i < kBatchesOfShortLife; ++i) {
      bool before_signal = false;
      bool in_time = false;
      try {
        client->send(batch);
        before_signal = !signalled_;
        const auto now = Clock::now();
        in_time = previous && now - *previous < kGrace;
        previous = now;
        for (int reply = 0; reply < depth_of(id); ++reply) {
          const bool closes = says_close(client->receive());
          ++answered_;
          if (!closes) continue;
          if (before_signal && reply + 1 < depth_of(id)) note_loss(id, "closed within a batch");
          return false;
        }
      } catch (const std::exception& error) {
        if (before_signal || in_time) note_loss(id, error.what());
        return false;
      }
    }
    return true;
  }

  void note_loss(int id, const std::string& what) {
    const std::lock_guard lock(mutex_);
    lost_.push_back("client " + std::to_string(id) + ": " + what);
  }

  const Address address_;
  std::atomic<bool> signalled_{false};
  std::atomic<int> answered_{0};
  std::mutex mutex_;
  std::vector<std::string> lost_;
  std::vector<std::thread> threads_;
};

// How many answers to wait for: from none, when connections are still being made, to plenty.
int any_moment() {
  static std::mt19937 random{std::random_device{}()};
  return static_cast<int>(std::exp2(std::uniform_real_distribution<>(0, 10)(random))) - 1;
}

TEST(Kill, StoppedAtAnyMomentLosesNoRequest) {
  for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
    Daemon daemon({"--threads", "2", "--max-memory", "64m"});
    Load load(daemon.address());
    load.wait_for_answers(any_moment());
    load.expect_signal();
    daemon.signal(SIGTERM);
    load.join();
    for (const std::string& lost : load.lost()) ADD_FAILURE() << "round " << round << ": " << lost;
    EXPECT_EQ(daemon.wait(), 0) << daemon.output();
    EXPECT_NE(daemon.output().find("every request was answered"), std::string::npos)
        << daemon.output();
  }
}

TEST(Kill, KilledAtAnyMomentStartsAgainOnItsPort) {
  std::optional<Daemon> first{std::in_place};
  const Address address = first->address();
  first.reset();
  for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
    ChildProcess daemon(cubbyd({"--port", std::to_string(address.port), "--max-memory", "64m"}));
    daemon.wait_for_output("listening on");
    Load load(address);
    load.wait_for_answers(any_moment());
    daemon.signal(SIGKILL);
    EXPECT_EQ(daemon.wait(), -SIGKILL) << "round " << round;
  }
}

}  // namespace
}  // namespace cubby::test
