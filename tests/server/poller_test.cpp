#include "server/poller.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <sys/socket.h>

namespace cubby::server {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kNoTime{0};
constexpr milliseconds kForEver{-1};

// One end of a connection, which waits for the other.
class End final : public Poller::Waiter {
 public:
  End(Poller& poller, Descriptor socket, std::function<void(std::unique_ptr<End>)> then)
      : poller_(poller), socket_(std::move(socket)), then_(std::move(then)) {}
  ~End() override { poller_.forget(*this); }

  void go_on(std::unique_ptr<Waiter> self) noexcept override {
    then_(std::unique_ptr<End>(static_cast<End*>(self.release())));
  }
  bool has_news() const noexcept { return Waiter::has_news(); }
  int fd() const { return socket_.get(); }

  // How many bytes it reads, one buffer at most.
  std::size_t read() {
    std::array<char, 256> buffer{};
    return read_some(fd(), buffer).bytes;
  }

  static void wait(std::unique_ptr<End> self, Poller::What what) {
    Poller& poller = self->poller_;
    const int fd = self->fd();
    poller.wait(fd, what, std::move(self));
  }

 private:
  Poller& poller_;
  Descriptor socket_;
  std::function<void(std::unique_ptr<End>)> then_;
};

class PollerTest : public testing::Test {
 protected:
  struct Pair {
    std::unique_ptr<End> waiter;
    Descriptor peer;
  };

  // The waiter is put into went_on_ when it goes on.
  Pair connect() {
    return connect([this](std::unique_ptr<End> end) { went_on_.push_back(std::move(end)); });
  }

  Pair connect(std::function<void(std::unique_ptr<End>)> then) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
    return {std::make_unique<End>(poller_, Descriptor(ends[0]), std::move(then)),
            Descriptor(ends[1])};
  }

  // Nobody may wait when the poller goes.
  void end_wait(End& end) {
    poller_.call(end);
    poller_.look(kForEver);
    ASSERT_FALSE(went_on_.empty());
    EXPECT_EQ(went_on_.back().get(), &end);
  }

  boost::asio::io_context io_{1};
  Poller poller_{io_};
  std::vector<std::unique_ptr<End>> went_on_;
};

TEST_F(PollerTest, FindsNothingWhereNothingHasCome) {
  poller_.look(kNoTime);  // the first may find the bell
  auto [waiter, peer] = connect();
  End& end = *waiter;
  End::wait(std::move(waiter), Poller::What::reading);
  EXPECT_EQ(poller_.look(kNoTime), Poller::Found::nothing);
  EXPECT_TRUE(went_on_.empty());
  end_wait(end);
}

TEST_F(PollerTest, LetsAReaderGoOnOnceAWait) {
  auto [waiter, peer] = connect();
  const End* const end = waiter.get();
  End::wait(std::move(waiter), Poller::What::reading);
  write_some(peer.get(), "abc");
  EXPECT_EQ(poller_.look(kForEver), Poller::Found::something);
  ASSERT_EQ(went_on_.size(), 1U);
  EXPECT_EQ(went_on_.front().get(), end);
  EXPECT_FALSE(went_on_.front()->has_news());
  EXPECT_EQ(went_on_.front()->read(), 3U);

  End::wait(std::exchange(went_on_.front(), nullptr), Poller::What::reading);
  EXPECT_EQ(poller_.look(kNoTime), Poller::Found::nothing);
  write_some(peer.get(), "d");
  EXPECT_EQ(poller_.look(kForEver), Poller::Found::something);
  EXPECT_EQ(went_on_.size(), 2U);
}

TEST_F(PollerTest, FindsWhatCameBeforeTheFirstWait) {
  auto [waiter, peer] = connect();
  write_some(peer.get(), "abc");
  End::wait(std::move(waiter), Poller::What::reading);
  poller_.look(kForEver);
  EXPECT_EQ(went_on_.size(), 1U);
}

TEST_F(PollerTest, TellsThatThereIsMoreThanAShortReadShows) {
  auto [waiter, peer] = connect();
  End::wait(std::move(waiter), Poller::What::reading);
  write_some(peer.get(), "abc");
  end_writing(peer.get());
  poller_.look(kForEver);
  ASSERT_EQ(went_on_.size(), 1U);
  EXPECT_TRUE(went_on_.front()->has_news());
}

TEST_F(PollerTest, RemembersNewsThatCameWhileNobodyWaited) {
  auto [waiter, peer] = connect();
  End::wait(std::move(waiter), Poller::What::reading);
  write_some(peer.get(), "abc");
  poller_.look(kForEver);
  ASSERT_EQ(went_on_.size(), 1U);
  end_writing(peer.get());
  poller_.look(kForEver);
  EXPECT_EQ(went_on_.size(), 1U);
  EXPECT_TRUE(went_on_.front()->has_news());
}

TEST_F(PollerTest, AWriterWaitsForRoomAlone) {
  auto [waiter, peer] = connect();
  const std::string much(std::size_t{1} << 20, 'x');
  const int fd = waiter->fd();
  while (write_some(fd, much).status == IoStatus::done) {
  }
  End::wait(std::move(waiter), Poller::What::writing);
  poller_.look(kNoTime);
  write_some(peer.get(), "what comes in is not what it waits for");
  poller_.look(kForEver);
  EXPECT_TRUE(went_on_.empty());

  std::string sink(std::size_t{1} << 20, ' ');
  while (read_some(peer.get(), sink).status == IoStatus::done) {
  }
  poller_.look(kForEver);
  EXPECT_EQ(went_on_.size(), 1U);
}

// Each wait of a writer has the kernel look again: what it then finds again and again must not keep
// the worker busy.
TEST_F(PollerTest, AWriterIsNotDisturbedByTheEndOfTheInput) {
  auto [waiter, peer] = connect();
  End& end = *waiter;
  const std::string much(std::size_t{1} << 20, 'x');
  while (write_some(end.fd(), much).status == IoStatus::done) {
  }
  end_writing(peer.get());
  End::wait(std::move(waiter), Poller::What::writing);
  poller_.look(kNoTime);
  EXPECT_TRUE(went_on_.empty());
  EXPECT_TRUE(end.has_news());
  end_wait(end);
}

TEST_F(PollerTest, AWriterWhoseConnectionBreaksGoesOn) {
  auto [waiter, peer] = connect();
  const std::string much(std::size_t{1} << 20, 'x');
  while (write_some(waiter->fd(), much).status == IoStatus::done) {
  }
  End::wait(std::move(waiter), Poller::What::writing);
  peer.close();
  poller_.look(kForEver);
  EXPECT_EQ(went_on_.size(), 1U);
}

TEST_F(PollerTest, AWriterWhoHasRoomGoesOn) {
  auto [waiter, peer] = connect();
  End::wait(std::move(waiter), Poller::What::reading);
  write_some(peer.get(), "x");
  poller_.look(kForEver);
  ASSERT_EQ(went_on_.size(), 1U);
  for (std::size_t times = 2; times < 4; ++times) {
    End::wait(std::exchange(went_on_.back(), nullptr), Poller::What::writing);
    poller_.look(kForEver);
    EXPECT_EQ(went_on_.size(), times);
  }
}

TEST_F(PollerTest, CallsWhoeverWaitsAndNobodyElse) {
  auto [waiter, peer] = connect();
  End& end = *waiter;
  poller_.call(end);
  poller_.look(kNoTime);
  EXPECT_TRUE(went_on_.empty());

  End::wait(std::move(waiter), Poller::What::reading);
  poller_.call(end);
  poller_.call(end);
  poller_.look(kForEver);
  EXPECT_EQ(went_on_.size(), 1U);
}

// What was found for somebody who has gone by the time that it would be looked at.
TEST_F(PollerTest, WhoIsDestroyedIsForgotten) {
  auto [second, second_peer] = connect();
  write_some(second_peer.get(), "x");
  End::wait(std::move(second), Poller::What::reading);
  poller_.look(kForEver);
  ASSERT_EQ(went_on_.size(), 1U);

  auto [first, first_peer] = connect([this](std::unique_ptr<End>) { went_on_.clear(); });
  End::wait(std::move(first), Poller::What::reading);
  write_some(first_peer.get(), "x");
  write_some(second_peer.get(), "x");
  EXPECT_EQ(poller_.look(kForEver), Poller::Found::something);
  EXPECT_TRUE(went_on_.empty());
}

TEST_F(PollerTest, ManyAreReadyAtOnce) {
  constexpr std::size_t kMany = 2 * Poller::kMostAtOnce + 1;
  std::vector<Descriptor> peers;
  for (std::size_t i = 0; i < kMany; ++i) {
    auto [waiter, peer] = connect();
    write_some(peer.get(), "x");
    End::wait(std::move(waiter), Poller::What::reading);
    peers.push_back(std::move(peer));
  }
  poller_.look(kForEver);
  EXPECT_LE(went_on_.size(), Poller::kMostAtOnce);
  while (went_on_.size() < kMany) {
    ASSERT_NE(poller_.look(kNoTime), Poller::Found::nothing);
  }
}

TEST_F(PollerTest, WhatCannotBeWatchedIsNotWaitedFor) {
  auto [waiter, peer] = connect();
  constexpr int kNoDescriptor = -1;
  EXPECT_THROW(poller_.wait(kNoDescriptor, Poller::What::reading, std::move(waiter)),
               std::system_error);
  poller_.look(kNoTime);
  EXPECT_TRUE(went_on_.empty());
}

TEST_F(PollerTest, AnotherThreadMayInterrupt) {
  poller_.look(kNoTime);
  std::thread other([this] { poller_.interrupt(); });
  EXPECT_EQ(poller_.look(kForEver), Poller::Found::interrupted);
  other.join();
}

TEST_F(PollerTest, GivesOneTurnALookInOrder) {
  auto [first, first_peer] = connect();
  auto [second, second_peer] = connect();
  auto [reader, reader_peer] = connect();
  const End* const expected[] = {reader.get(), first.get(), second.get()};
  poller_.wait_for_turn(std::move(first));
  poller_.wait_for_turn(std::move(second));
  write_some(reader_peer.get(), "x");
  End::wait(std::move(reader), Poller::What::reading);
  poller_.look(kNoTime);
  EXPECT_EQ(went_on_.size(), 2U);
  EXPECT_TRUE(poller_.has_turns());
  poller_.look(kNoTime);
  EXPECT_FALSE(poller_.has_turns());
  ASSERT_EQ(went_on_.size(), 3U);
  for (std::size_t i = 0; i < went_on_.size(); ++i) EXPECT_EQ(went_on_[i].get(), expected[i]);
}

TEST_F(PollerTest, WhoWaitsForHisTurnIsNotCalledAndNotReady) {
  auto [waiter, peer] = connect();
  End& end = *waiter;
  End::wait(std::move(waiter), Poller::What::reading);
  write_some(peer.get(), "x");
  poller_.look(kForEver);
  auto [other, other_peer] = connect();
  poller_.wait_for_turn(std::move(other));
  poller_.wait_for_turn(std::exchange(went_on_.front(), nullptr));
  poller_.call(end);
  end_writing(peer.get());
  poller_.look(kForEver);
  EXPECT_EQ(went_on_.size(), 2U);
  EXPECT_NE(went_on_.back().get(), &end);
  poller_.look(kNoTime);
  EXPECT_EQ(went_on_.back().get(), &end);
  EXPECT_TRUE(end.has_news());
}

TEST_F(PollerTest, ATurnIsWorthALookAtOnce) {
  auto [waiter, peer] = connect();
  poller_.look(kNoTime);
  poller_.wait_for_turn(std::move(waiter));
  poller_.async_wait([this] { poller_.look(kNoTime); });
  io_.run();
  EXPECT_EQ(went_on_.size(), 1U);
}

TEST_F(PollerTest, AnInterruptionEndsALook) {
  poller_.interrupt();
  EXPECT_EQ(poller_.look(kForEver), Poller::Found::interrupted);
  EXPECT_EQ(poller_.look(kNoTime), Poller::Found::nothing);
}

TEST_F(PollerTest, ADescriptorMayInterrupt) {
  auto [waiter, peer] = connect();
  poller_.let_interrupt(waiter->fd());
  EXPECT_EQ(poller_.look(kNoTime), Poller::Found::nothing);
  write_some(peer.get(), "x");
  EXPECT_EQ(poller_.look(kForEver), Poller::Found::interrupted);
}

TEST_F(PollerTest, TheContextIsToldOfWhatThereIs) {
  auto [waiter, peer] = connect();
  End::wait(std::move(waiter), Poller::What::reading);
  write_some(peer.get(), "x");
  poller_.async_wait([this] { poller_.look(kNoTime); });
  io_.run();
  EXPECT_EQ(went_on_.size(), 1U);
}

TEST_F(PollerTest, ACancelledWaitEnds) {
  bool called = false;
  poller_.async_wait([&] { called = true; });
  poller_.cancel();
  io_.run();
  EXPECT_TRUE(called);
}

}  // namespace
}  // namespace cubby::server
