#include "protocol/ttl.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "support/loopback.hpp"

namespace cubby::protocol {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTenYears = std::chrono::hours(10 * 365 * 24);
constexpr int kDraws = 100'000;

TEST(TtlOf, TakesADecimalNumberOfSeconds) {
  const struct {
    const char* text;
    milliseconds ttl;
  } cases[] = {
      {"1", milliseconds(1000)},        {"30", milliseconds(30'000)},
      {"0.001", milliseconds(1)},       {"0.0014", milliseconds(1)},
      {"0.0015", milliseconds(2)},      {"1.5", milliseconds(1500)},
      {"1e3", milliseconds(1'000'000)}, {"1E-3", milliseconds(1)},
      {"315360000", kTenYears},         {"315360000.0", kTenYears},
      {"3.1536e8", kTenYears},          {"315359999.999", kTenYears - milliseconds(1)},
  };
  for (const auto& [text, ttl] : cases) EXPECT_EQ(ttl_of(text), ttl) << text;
}

TEST(TtlOf, RefusesEverythingElse) {
  for (const char* text :
       {"",          " ",   "0",     "0.0",      "-0",   "0.0009", "0.000999999",
        "-1",        "+1",  " 1",    "1 ",       "1s",   "1,5",    "315360000.001",
        "315360001", "1e9", "1e400", "1e-400",   "nan",  "NAN",    "-nan",
        "nan(1)",    "inf", "INF",   "infinity", "-inf", "0x1",    "0x1p3",
        "1p3",       "1e",  "e3",    "1e+",      ".",    "1.2.3",  "1_000",
        "one"}) {
    EXPECT_EQ(ttl_of(text), std::nullopt) << text;
  }
  EXPECT_EQ(ttl_of(std::string_view("1\0", 2)), std::nullopt);
}

TEST(TtlPolicy, TakesWhatIsAskedForOrElseTheDefault) {
  TtlPolicy policy({.default_ttl = milliseconds(5000)}, 1);
  EXPECT_EQ(policy.ttl_for(std::nullopt), milliseconds(5000));
  EXPECT_EQ(policy.ttl_for(milliseconds(1)), milliseconds(1));
  EXPECT_EQ(policy.ttl_for(kTenYears), kTenYears);
}

TEST(TtlPolicy, ForEverStaysForEver) {
  TtlPolicy policy({.jitter = 1}, 1);
  EXPECT_EQ(policy.ttl_for(std::nullopt), milliseconds(0));
  TtlPolicy by_default({.default_ttl = milliseconds(5000), .jitter = 1}, 1);
  EXPECT_EQ(by_default.ttl_for(milliseconds(0)), milliseconds(0));
}

TEST(TtlPolicy, WithoutJitterEveryTimeIsExact) {
  TtlPolicy policy({.default_ttl = milliseconds(12'345)}, 1);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(policy.ttl_for(std::nullopt), milliseconds(12'345));
}

// Both ends are reached, and neither is passed.
TEST(TtlPolicy, JitterShortensByUpToItsShare) {
  const struct {
    milliseconds ttl;
    double jitter;
    milliseconds least;
  } cases[] = {
      {milliseconds(100), 0.1, milliseconds(90)}, {milliseconds(109), 0.1, milliseconds(99)},
      {milliseconds(100), 1, milliseconds(1)},    {milliseconds(3), 1, milliseconds(1)},
      {milliseconds(1), 1, milliseconds(1)},      {milliseconds(9), 0.1, milliseconds(9)},
      {milliseconds(2), 0.5, milliseconds(1)},
  };
  for (const auto& [ttl, jitter, least] : cases) {
    TtlPolicy policy({.jitter = jitter}, 1);
    milliseconds shortest = ttl;
    milliseconds longest{0};
    for (int i = 0; i < kDraws; ++i) {
      const milliseconds drawn = policy.ttl_for(ttl);
      shortest = std::min(shortest, drawn);
      longest = std::max(longest, drawn);
    }
    EXPECT_EQ(shortest, least) << ttl.count() << " " << jitter;
    EXPECT_EQ(longest, ttl) << ttl.count() << " " << jitter;
  }
}

TEST(TtlPolicy, JitterSpreadsEvenly) {
  for (const milliseconds ttl : {milliseconds(10'000), kTenYears}) {
    TtlPolicy policy({.default_ttl = ttl, .jitter = 0.5}, 1);
    std::array<int, 10> tenths{};
    for (int i = 0; i < kDraws; ++i) {
      const milliseconds taken = ttl - policy.ttl_for(std::nullopt);
      ++tenths.at(std::min<std::size_t>(static_cast<std::size_t>(taken * 20 / ttl), 9));
    }
    for (const int count : tenths) EXPECT_NEAR(count, kDraws / 10, kDraws / 10 / 20);
  }
}

TEST(TtlPolicy, ASeedMakesItRepeatable) {
  const TtlOptions options{.default_ttl = kTenYears, .jitter = 0.5};
  TtlPolicy a(options, 1);
  TtlPolicy same(options, 1);
  TtlPolicy other(options, 2);
  const milliseconds first = a.ttl_for(std::nullopt);
  EXPECT_EQ(same.ttl_for(std::nullopt), first);
  EXPECT_NE(other.ttl_for(std::nullopt), first);
}

constexpr int kKeys = 100;

// Entries that are put through a connection, all at the same time.
class TtlOfPutTest : public testing::Test {
 protected:
  void put_all(test::World& world) {
    std::string requests;
    for (int i = 0; i < kKeys; ++i) {
      const std::string body = R"({"key":"k)" + std::to_string(i) + R"(","value":"v"})";
      requests +=
          "POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
          "\r\n\r\n" + body;
    }
    test::Loopback(world).send(requests);
  }

  int count_left(test::World& world) {
    int count = 0;
    for (int i = 0; i < kKeys; ++i) count += world.cache.get("k" + std::to_string(i)) ? 1 : 0;
    return count;
  }
};

TEST_F(TtlOfPutTest, EndsInTheVeryMillisecondOfTheDefault) {
  test::World world({}, {.default_ttl = milliseconds(1500)});
  put_all(world);
  world.clock.advance(milliseconds(1499));
  EXPECT_EQ(count_left(world), kKeys);
  world.clock.advance(milliseconds(1));
  EXPECT_EQ(count_left(world), 0);
}

TEST_F(TtlOfPutTest, NeverEndsWithoutADefault) {
  test::World world({}, {.jitter = 1});
  put_all(world);
  world.clock.advance(kTenYears);
  EXPECT_EQ(count_left(world), kKeys);
}

TEST_F(TtlOfPutTest, EndsAtManyTimesWithJitter) {
  test::World world({}, {.default_ttl = milliseconds(1000), .jitter = 0.1});
  put_all(world);
  world.clock.advance(milliseconds(899));
  EXPECT_EQ(count_left(world), kKeys);
  int last = kKeys;
  int steps = 0;
  for (int i = 0; i < 100; ++i) {
    world.clock.advance(milliseconds(1));
    const int left = count_left(world);
    steps += left < last ? 1 : 0;
    last = left;
  }
  EXPECT_GT(steps, 40);
  world.clock.advance(milliseconds(1));
  EXPECT_EQ(count_left(world), 0);
}

}  // namespace
}  // namespace cubby::protocol
