// How long a peer may take, at the millisecond.

#include "server/patience.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace cubby::server {
namespace {

using std::chrono::seconds;
using Verdict = Patience::Verdict;

constexpr Time kBegin{1'000'000};
constexpr Time kMoment{1};

class PatienceTest : public testing::Test {
 protected:
  // Judged a moment before it is due nothing happens; returns what does when it is.
  Verdict judge_when_due(const Patience::Figures& figures) {
    const Time due = patience_.due(figures);
    EXPECT_EQ(patience_.judge(figures, due - kMoment), Verdict::go_on);
    return patience_.judge(figures, due);
  }

  void await(Awaited what) { patience_.await(what, ++request_, kBegin); }
  void await_reading(const Patience::Figures& figures) {
    patience_.await_reading(++request_, kBegin, figures);
  }

  PatienceOptions options_;
  Patience patience_{options_, kBegin};
  std::uint32_t request_ = 0;
};

TEST_F(PatienceTest, AHeadHasItsTimeWhateverArrives) {
  await(Awaited::head);
  EXPECT_EQ(patience_.due({.received = 1'000'000}), kBegin + seconds(10));
  EXPECT_EQ(judge_when_due({.received = 1'000'000}), Verdict::slow);
}

TEST_F(PatienceTest, ABodyHasASecondMoreForEveryMiB) {
  const Patience::Figures enough{.announced = (3U << 20) - 1, .received = 1 << 20};
  await(Awaited::body);
  EXPECT_EQ(patience_.due(enough), kBegin + seconds(32));
  EXPECT_EQ(judge_when_due(enough), Verdict::slow);
  EXPECT_EQ(patience_.due({.announced = 3U << 20, .received = 1 << 20}), kBegin + seconds(33));
}

TEST_F(PatienceTest, ABodyMustArriveAtARate) {
  await(Awaited::body);
  EXPECT_EQ(patience_.due({}), kBegin + seconds(10)) << "whatever the rate";
  EXPECT_EQ(patience_.due({.received = 4999}), kBegin + seconds(10));
  EXPECT_EQ(patience_.due({.received = 5500}), kBegin + seconds(11));
  EXPECT_EQ(judge_when_due({.received = 5500}), Verdict::slow);
}

TEST_F(PatienceTest, ABodyThatWasNotReadFromIsForgiven) {
  await(Awaited::body);
  patience_.forgive(kBegin + seconds(8), 4000);
  EXPECT_EQ(patience_.due({.received = 4000}), kBegin + seconds(18));
  patience_.forgive(kBegin + seconds(29), 4000);
  EXPECT_EQ(patience_.due({.received = 4000}), kBegin + seconds(30)) << "but not its deadline";
}

TEST_F(PatienceTest, WithoutARateABodyHasItsDeadlineOnly) {
  options_.min_rate = 0;
  await(Awaited::body);
  EXPECT_EQ(patience_.due({}), kBegin + seconds(30));
}

TEST_F(PatienceTest, AReaderMustGetOn) {
  await_reading({.sent = 100'000, .read = 100});
  EXPECT_EQ(judge_when_due({.sent = 100'000, .read = 5099}), Verdict::stalled);
  await_reading({.sent = 100'000, .read = 100});
  EXPECT_EQ(judge_when_due({.sent = 100'000, .read = 5100}), Verdict::go_on);
  EXPECT_EQ(patience_.due({}), kBegin + seconds(20));
  EXPECT_EQ(judge_when_due({.sent = 100'000, .read = 10'099}), Verdict::stalled);
}

TEST_F(PatienceTest, AReaderThatHasReadEverythingHasReadEnough) {
  await_reading({.sent = 1000, .read = 100});
  EXPECT_EQ(judge_when_due({.sent = 90'000, .read = 999}), Verdict::stalled);
  await_reading({.sent = 1000, .read = 100});
  EXPECT_EQ(judge_when_due({.sent = 90'000, .read = 1000}), Verdict::go_on);
}

TEST_F(PatienceTest, WithoutARateAReaderMustReadSomething) {
  options_.min_rate = 0;
  await_reading({.sent = 1000, .read = 100});
  EXPECT_EQ(judge_when_due({.sent = 1000, .read = 101}), Verdict::go_on);
  EXPECT_EQ(judge_when_due({.sent = 1000, .read = 101}), Verdict::stalled);
}

TEST_F(PatienceTest, AnIdleConnectionIsKept) {
  await(Awaited::request);
  EXPECT_EQ(judge_when_due({.sent = 300, .read = 300}), Verdict::go_on);
  EXPECT_EQ(patience_.due({}), kBegin + seconds(75));
  EXPECT_EQ(judge_when_due({.sent = 300, .read = 300}), Verdict::idle);
}

TEST_F(PatienceTest, ANewConnectionIsIdle) {
  EXPECT_EQ(judge_when_due({}), Verdict::go_on);
  EXPECT_EQ(patience_.due({}), kBegin + seconds(75));
}

TEST_F(PatienceTest, WhatTheKernelHoldsForAReaderThatStandsStillIsNotKept) {
  await(Awaited::request);
  EXPECT_EQ(patience_.due({}), kBegin + seconds(10));
  EXPECT_EQ(judge_when_due({.sent = 90'000, .read = 0}), Verdict::go_on) << "it may be new";
  EXPECT_EQ(patience_.due({}), kBegin + seconds(20));
  EXPECT_EQ(judge_when_due({.sent = 90'000, .read = 4999}), Verdict::stalled);
}

TEST_F(PatienceTest, ToAskForMoreIsNotToRead) {
  for (int i = 1; i <= 2; ++i) {
    patience_.await(Awaited::request, ++request_, kBegin + i * seconds(10) - kMoment);
    EXPECT_EQ(patience_.due({}), kBegin + i * seconds(10));
    const auto verdict = patience_.judge({.sent = 90'000, .read = 0}, kBegin + i * seconds(10));
    EXPECT_EQ(verdict, i == 1 ? Verdict::go_on : Verdict::stalled);
  }
}

TEST_F(PatienceTest, WhoAsksSeldomAndReadsIsKept) {
  std::uint64_t bytes = 0;
  for (int i = 1; i < 100; ++i) {
    patience_.await(Awaited::request, ++request_, kBegin + i * seconds(10) - kMoment);
    bytes += 300;
    ASSERT_EQ(patience_.judge({.sent = bytes, .read = bytes - 300}, kBegin + i * seconds(10)),
              Verdict::go_on)
        << "the last reply is on its way";
  }
}

TEST_F(PatienceTest, WhatIsUnreadIsNotIdle) {
  options_.idle_timeout = seconds(2);
  await(Awaited::request);
  EXPECT_EQ(patience_.due({}), kBegin + seconds(2));
  const Patience::Figures unread{.sent = 300, .read = 10};
  EXPECT_EQ(patience_.judge(unread, kBegin + seconds(2)), Verdict::go_on);
  EXPECT_EQ(patience_.judge(unread, kBegin + seconds(9)), Verdict::go_on);
  EXPECT_EQ(patience_.judge({.sent = 300, .read = 300}, kBegin + seconds(9)), Verdict::idle);
}

TEST_F(PatienceTest, AFarewellIsShort) {
  await(Awaited::farewell);
  EXPECT_EQ(patience_.due({}), kBegin + kLingerTime);
  EXPECT_EQ(judge_when_due({}), Verdict::over);
}

TEST_F(PatienceTest, TellsWhetherItIsTheSameThing) {
  patience_.await(Awaited::head, 1, kBegin);
  EXPECT_TRUE(patience_.awaits(Awaited::head, 1));
  EXPECT_FALSE(patience_.awaits(Awaited::head, 2));
  EXPECT_FALSE(patience_.awaits(Awaited::body, 1));
  patience_.await(Awaited::request, 1, kBegin);
  EXPECT_FALSE(patience_.awaits(Awaited::head, 1));
}

}  // namespace
}  // namespace cubby::server
