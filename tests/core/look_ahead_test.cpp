// Keys that are prepared and fetched before they are looked up: nothing but the speed may differ.

#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/cache_fixture.hpp"

namespace cubby::test {
namespace {

using std::chrono::milliseconds;

class LookAheadTest : public CacheFixture {
 protected:
  PreparedKey Prefetched(std::string_view key) {
    const PreparedKey prepared = cache_->prepare(key);
    cache_->prefetch({&prepared, 1});
    return prepared;
  }

  std::optional<std::string> Get(const PreparedKey& key) {
    std::optional<std::string> copy;
    const bool found =
        cache_->get(key, [&](const ValueView& value) { value.append_to(copy.emplace()); });
    EXPECT_EQ(found, copy.has_value());
    return copy;
  }
};

TEST_F(LookAheadTest, FindsWhatIsThere) {
  Make();
  Put("key", "value", {.flags = 5});
  const PreparedKey prepared = Prefetched("key");
  EXPECT_EQ(prepared.key(), "key");
  std::uint8_t flags = 0;
  EXPECT_TRUE(cache_->get(prepared, [&](const ValueView& value) { flags = value.flags(); }));
  EXPECT_EQ(flags, 5);
  EXPECT_EQ(Get(prepared), "value");
  EXPECT_EQ(Get(prepared), "value") << "the second time";
}

TEST_F(LookAheadTest, MissesWhatIsNot) {
  Make();
  Put("key", "value");
  EXPECT_EQ(Get(Prefetched("other")), std::nullopt);
  EXPECT_EQ(Stats().misses, 1U);
}

TEST_F(LookAheadTest, KeysThatNoEntryCanHave) {
  Make();
  Put(std::string(kMaxKeyBytes, 'k'), "value");
  EXPECT_EQ(Get(Prefetched("")), std::nullopt);
  EXPECT_EQ(Get(Prefetched(std::string(kMaxKeyBytes + 1, 'k'))), std::nullopt);
  EXPECT_EQ(Get(Prefetched(std::string(std::size_t{1} << 20, 'k'))), std::nullopt);
  const std::string longest(kMaxKeyBytes, 'k');
  EXPECT_EQ(Get(Prefetched(longest)), "value");
  const PreparedKey none;
  cache_->prefetch({&none, 1});
  EXPECT_EQ(Get(none), std::nullopt);
  cache_->prefetch({});
}

TEST_F(LookAheadTest, WhatChangesInBetweenIsSeen) {
  Make();
  const PreparedKey prepared = Prefetched("key");
  EXPECT_EQ(Get(prepared), std::nullopt);
  Put("key", "first");
  EXPECT_EQ(Get(prepared), "first");
  cache_->prefetch({&prepared, 1});
  Put("key", std::string(5000, 'x'));
  EXPECT_EQ(Get(prepared), std::string(5000, 'x'));
  cache_->prefetch({&prepared, 1});
  Erase("key");
  EXPECT_EQ(Get(prepared), std::nullopt);
  Put("key", "again");
  cache_->clear();
  EXPECT_EQ(Get(prepared), std::nullopt);
}

TEST_F(LookAheadTest, OnlyTheLookupIsAUse) {
  MakeExact(2);
  Put("a", "1");
  Put("b", "2");
  const PreparedKey prepared = Prefetched("a");
  EXPECT_EQ(Stats().hits + Stats().misses, 0U);
  Put("c", "3");
  EXPECT_EQ(Get(prepared), std::nullopt) << "to prefetch an entry is not to use it";

  EXPECT_EQ(Get(Prefetched("b")), "2");
  Put("d", "4");
  EXPECT_EQ(Get(Prefetched("b")), "2") << "to look it up is";
  EXPECT_EQ(Stats().hits, 2U);
}

TEST_F(LookAheadTest, AnEntryThatExpiresInBetweenIsAMiss) {
  Make();
  Put("key", "value", {.ttl = milliseconds(10)});
  const PreparedKey prepared = Prefetched("key");
  clock_.advance(milliseconds(9));
  EXPECT_EQ(Get(prepared), "value");
  clock_.advance(milliseconds(1));
  cache_->prefetch({&prepared, 1});
  EXPECT_EQ(Stats().entries, 1U) << "to prefetch removes nothing";
  EXPECT_EQ(Get(prepared), std::nullopt);
}

TEST_F(LookAheadTest, ValuesOfEveryKind) {
  Make();
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{100},
                                 std::size_t{4000}, std::size_t{100'000}, kLargeValueBytes}) {
    const std::string value = patterned(size, 1);
    Put("key", value);
    EXPECT_EQ(Get(Prefetched("key")), value) << size;
  }
  const std::string large = patterned(kLargeValueBytes + 1, 2);
  Put("key", large);
  EXPECT_EQ(Get(Prefetched("key")), large);
}

// Through many resizes of the index, both ways, with keys that were prepared long before.
TEST_F(LookAheadTest, PreparedKeysOutliveTheTablesOfTheIndex) {
  constexpr std::size_t kKeys = 20'000;
  Make({.shards = 2});
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kKeys; ++i) names.push_back("key" + std::to_string(i));
  std::vector<PreparedKey> prepared;
  for (const std::string& name : names) prepared.push_back(cache_->prepare(name));
  for (std::size_t i = 0; i < kKeys; ++i) {
    Put(names[i], names[i]);
    const std::size_t some = (i * 7919) % kKeys;
    cache_->prefetch({&prepared[some], 1});
    ASSERT_EQ(Get(prepared[some]).has_value(), some <= i);
  }
  cache_->prefetch(prepared);
  for (std::size_t i = 0; i < kKeys; ++i) ASSERT_EQ(Get(prepared[i]), names[i]);
  for (std::size_t i = 0; i < kKeys; ++i) {
    Erase(names[i]);
    const std::size_t some = (i * 7919) % kKeys;
    cache_->prefetch({&prepared[some], 1});
    ASSERT_EQ(Get(prepared[some]).has_value(), some > i);
  }
}

// What is prefetched grows, moves and goes meanwhile, and so does the index. Worth most under
// ThreadSanitizer.
TEST_F(LookAheadTest, WhileOtherThreadsPutAndErase) {
  Make({.max_memory_bytes = 2 * kMinMemoryBytes, .shards = 4});
  const auto work = [this](unsigned thread) {
    constexpr std::size_t kBatch = 16;
    std::mt19937 random(thread);
    for (int step = 0; step < 3000; ++step) {
      std::vector<unsigned> numbers;
      std::vector<std::string> names;
      for (std::size_t i = 0; i < kBatch; ++i) {
        numbers.push_back(static_cast<unsigned>(random()) % 20'000);
        names.push_back("key" + std::to_string(numbers[i]));
      }
      std::vector<PreparedKey> prepared;
      for (const std::string& name : names) prepared.push_back(cache_->prepare(name));
      cache_->prefetch(prepared);
      for (std::size_t i = 0; i < kBatch; ++i) {
        if (const auto value = Get(prepared[i])) {
          ASSERT_EQ(*value, patterned(value->size(), numbers[i]));
        } else if (step / 500 % 2 == 0) {
          Put(names[i], patterned(random() % (random() % 8 == 0 ? 6000 : 60), numbers[i]));
        }
        if (step / 500 % 2 == 1) Erase("key" + std::to_string(random() % 20'000));
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 4; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(Stats().hits, 1000U);
}

}  // namespace
}  // namespace cubby::test
