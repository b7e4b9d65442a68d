#include "core/use_timeline.hpp"

#include <cstdint>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "core/cache_fixture.hpp"

namespace cubby::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(UseTimelineTest, TellsWhenACountWasPassed) {
  UseTimeline timeline;
  timeline.note(seconds(10), 100);
  timeline.note(seconds(20), 200);
  EXPECT_EQ(timeline.age_of(50, seconds(30)), seconds(20));
  EXPECT_EQ(timeline.age_of(100, seconds(30)), seconds(20));
  EXPECT_EQ(timeline.age_of(101, seconds(30)), seconds(10));
  EXPECT_EQ(timeline.age_of(201, seconds(30)), seconds(0));
}

TEST(UseTimelineTest, IdleTimeMakesOlder) {
  UseTimeline timeline;
  timeline.note(seconds(1), 7);
  for (int i = 2; i <= 100; ++i) timeline.note(seconds(i), 7);
  EXPECT_EQ(timeline.age_of(7, seconds(100)), seconds(99));
}

TEST(UseTimelineTest, TheCountMayWrap) {
  UseTimeline timeline;
  timeline.note(seconds(1), 0xfffffff0U);
  timeline.note(seconds(2), 16);
  EXPECT_EQ(timeline.age_of(0xffffffe0U, seconds(4)), seconds(3));
  EXPECT_EQ(timeline.age_of(0xfffffff8U, seconds(4)), seconds(2));
  EXPECT_EQ(timeline.age_of(17, seconds(4)), seconds(0));
}

TEST(UseTimelineTest, ReachesFarBackWithinAFewPercent) {
  UseTimeline timeline;
  constexpr std::int64_t kTicks = 4 * 3600 * 24 * 7;  // a week of quarter seconds
  for (std::int64_t i = 1; i <= kTicks; ++i) {
    timeline.note(milliseconds(250 * i), static_cast<std::uint32_t>(10 * i));
  }
  const milliseconds now(250 * kTicks);
  for (const std::int64_t i : {std::int64_t{1}, kTicks / 10, kTicks / 2, kTicks - kTicks / 10}) {
    const milliseconds age = now - milliseconds(250 * i);
    const auto told = timeline.age_of(static_cast<std::uint32_t>(10 * i), now);
    EXPECT_NEAR(static_cast<double>(told.count()), static_cast<double>(age.count()),
                0.02 * static_cast<double>(now.count()))
        << i;
  }
}

class OldestAgeTest : public CacheFixture {
 protected:
  void Pass(seconds time) {
    for (; time.count() > 0; time -= seconds(1)) {
      clock_.advance(seconds(1));
      cache_->maintain();
    }
  }
};

TEST_F(OldestAgeTest, IsThatOfTheEntryThatIsNotUsed) {
  Make({.shards = 4});
  EXPECT_EQ(Stats().oldest_age, std::nullopt);
  Put("unused", "v");
  cache_->maintain();
  Pass(seconds(10));
  for (int i = 0; i < 1000; ++i) Put("key:" + std::to_string(i), "v");
  Pass(seconds(20));
  EXPECT_EQ(Stats().oldest_age, seconds(30));
  EXPECT_EQ(Get("unused"), "v");
  EXPECT_EQ(Stats().oldest_age, seconds(19)) << "the others were noted a second after their put";
  cache_->clear();
  EXPECT_EQ(Stats().oldest_age, std::nullopt);
}

}  // namespace
}  // namespace cubby::test
