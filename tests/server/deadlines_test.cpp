#include "server/deadlines.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace cubby::server {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Time kBegin{1'000'123};

class DeadlinesTest : public testing::Test {
 protected:
  // What comes up, in no order.
  std::vector<const Timed*> up_at(Time now) {
    std::vector<const Timed*> up;
    deadlines_.expire(now, [&](Timed& what) { up.push_back(&what); });
    return up;
  }

  std::array<Timed, 3> timed_;
  Deadlines deadlines_{kBegin};
};

TEST_F(DeadlinesTest, ComeUpAtTheirMillisecondAndOnce) {
  deadlines_.set(timed_[0], kBegin + seconds(10));
  EXPECT_TRUE(up_at(kBegin).empty());
  EXPECT_TRUE(up_at(kBegin + seconds(10) - Time(1)).empty());
  EXPECT_EQ(up_at(kBegin + seconds(10)), std::vector<const Timed*>{&timed_[0]});
  EXPECT_TRUE(up_at(kBegin + seconds(20)).empty());
}

TEST_F(DeadlinesTest, CanBePutOffAndBroughtForward) {
  deadlines_.set(timed_[0], kBegin + seconds(5));
  deadlines_.set(timed_[0], kBegin + seconds(50));
  deadlines_.set(timed_[1], kBegin + seconds(50));
  deadlines_.set(timed_[1], kBegin + seconds(5));
  EXPECT_EQ(up_at(kBegin + seconds(49)), std::vector<const Timed*>{&timed_[1]});
  EXPECT_EQ(up_at(kBegin + seconds(50)), std::vector<const Timed*>{&timed_[0]});
}

TEST_F(DeadlinesTest, MayBeFurtherAwayThanAWheelIsLarge) {
  deadlines_.set(timed_[0], kBegin + hours(3));
  for (Time now = kBegin; now < kBegin + hours(3); now += seconds(7)) {
    ASSERT_TRUE(up_at(now).empty());
  }
  EXPECT_EQ(up_at(kBegin + hours(3)).size(), 1U);
}

TEST_F(DeadlinesTest, NoneIsMissedWhenNobodyLookedForLong) {
  deadlines_.set(timed_[0], kBegin + seconds(1));
  deadlines_.set(timed_[1], kBegin + seconds(100));
  deadlines_.set(timed_[2], kBegin + hours(3));
  EXPECT_EQ(up_at(kBegin + hours(2)).size(), 2U);
  EXPECT_EQ(up_at(kBegin + hours(4)).size(), 1U);
}

TEST_F(DeadlinesTest, InThePastComeUpAtOnce) {
  up_at(kBegin + hours(1));
  deadlines_.set(timed_[0], kBegin);
  EXPECT_EQ(up_at(kBegin + hours(1)).size(), 1U);
}

TEST_F(DeadlinesTest, GoWithTheirOwner) {
  auto gone = std::make_unique<Timed>();
  deadlines_.set(*gone, kBegin);
  gone.reset();
  EXPECT_TRUE(up_at(kBegin).empty());
}

TEST_F(DeadlinesTest, WhatComesUpMayBeSetAgainAndDestroyOthers) {
  auto other = std::make_unique<Timed>();
  deadlines_.set(timed_[0], kBegin);
  deadlines_.set(*other, kBegin);
  int came_up = 0;
  deadlines_.expire(kBegin, [&](Timed& what) {
    ++came_up;
    other.reset();
    deadlines_.set(what, kBegin);
  });
  EXPECT_EQ(came_up, 1);
  EXPECT_EQ(up_at(kBegin).size(), 1U) << "again, the next time";
}

TEST_F(DeadlinesTest, ComeUpSoManyAtOnce) {
  std::vector<Timed> crowd(Deadlines::kMostAtOnce + 10);
  for (Timed& timed : crowd) deadlines_.set(timed, kBegin);
  deadlines_.set(timed_[0], kBegin + seconds(1));
  int came_up = 0;
  const auto count = [&](Timed&) { ++came_up; };
  EXPECT_TRUE(deadlines_.expire(kBegin, count));
  EXPECT_EQ(came_up, Deadlines::kMostAtOnce);
  int visited = 0;
  deadlines_.for_each([&](Timed&) { ++visited; });
  EXPECT_EQ(visited, 11) << "those that wait for their turn, too";
  EXPECT_FALSE(deadlines_.expire(kBegin, count));
  EXPECT_EQ(came_up, Deadlines::kMostAtOnce + 10);
  EXPECT_EQ(up_at(kBegin + seconds(1)).size(), 1U);
}

TEST_F(DeadlinesTest, AreAllVisited) {
  for (Timed& timed : timed_)
    deadlines_.set(timed, kBegin + seconds(100 * (&timed - timed_.data())));
  int count = 0;
  deadlines_.for_each([&](Timed&) { ++count; });
  EXPECT_EQ(count, 3);
}

// Whatever happens, what comes up is exactly what is due.
TEST_F(DeadlinesTest, BehaveAsAListThatIsSearched) {
  std::mt19937 random(1);
  std::vector<Timed> timed(200);
  std::vector<bool> set(timed.size());
  Time now = kBegin;
  for (int round = 0; round < 2000; ++round) {
    for (int i = 0; i < 20; ++i) {
      const std::size_t which = random() % timed.size();
      const Time longest = random() % 8 == 0 ? Time(hours(1)) : Time(seconds(20));
      deadlines_.set(timed[which], now + Time(static_cast<Time::rep>(random()) % longest.count()));
      set[which] = true;
    }
    now += Time(random() % 3000);
    std::vector<const Timed*> expected;
    for (std::size_t i = 0; i < timed.size(); ++i) {
      if (!set[i] || timed[i].deadline() > now) continue;
      expected.push_back(&timed[i]);
      set[i] = false;
    }
    auto up = up_at(now);
    std::sort(up.begin(), up.end());
    ASSERT_EQ(up, expected);
  }
}

}  // namespace
}  // namespace cubby::server
