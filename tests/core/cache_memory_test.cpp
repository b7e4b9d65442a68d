// What the budget promises: nothing goes while there is room, and what is charged is what is taken.

#include <random>

#include "core/cache_fixture.hpp"

namespace cubby::test {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMiB = std::size_t{1} << 20;

class CacheMemoryTest : public CacheFixture {
 protected:
  // Fills with values of random sizes until the next one could need an eviction; returns how many.
  int FillTo(double share, std::size_t smallest, std::size_t largest, std::size_t limit) {
    std::mt19937 random(5);
    int count = 0;
    while (static_cast<double>(Stats().charged_bytes) < share * static_cast<double>(limit)) {
      const std::size_t size = smallest + random() % (largest - smallest + 1);
      EXPECT_EQ(Put(Key(count), patterned(size, static_cast<unsigned>(count))),
                PutOutcome::inserted);
      sizes_.push_back(size);
      ++count;
    }
    return count;
  }
  static std::string Key(int i) { return "key:" + std::to_string(i); }

  std::vector<std::size_t> sizes_;
};

TEST_F(CacheMemoryTest, FilledTo99PercentEveryKeyIsFound) {
  for (const std::size_t largest : {64U, 1000U, 60'000U}) {
    sizes_.clear();
    Make({.max_memory_bytes = 16 * kMiB});
    const int count = FillTo(0.99, 10, largest, 16 * kMiB);
    EXPECT_EQ(Stats().evictions, 0U) << largest;
    for (int i = 0; i < count; ++i) {
      ASSERT_EQ(Get(Key(i)),
                patterned(sizes_[static_cast<std::size_t>(i)], static_cast<unsigned>(i)));
    }
    ASSERT_EQ(cache_->check_invariants(), "");
  }
}

TEST_F(CacheMemoryTest, AnEntryTakesItsFootprint) {
  Make({.max_memory_bytes = 16 * kMiB});
  for (const std::size_t key_bytes : {std::size_t{1}, std::size_t{100}, kMaxKeyBytes}) {
    const std::string key(key_bytes, 'k');
    for (std::size_t size = 0; size <= kLargeValueBytes + 1; size = size * 9 / 8 + 1) {
      ASSERT_EQ(Put(key, patterned(size, 1)), PutOutcome::inserted);
      EXPECT_EQ(Stats().entry_bytes, Cache::footprint(key_bytes, size)) << size;
      cache_->erase(key);
    }
  }
}

// All keys in one shard of 64: it may have the whole budget.
TEST_F(CacheMemoryTest, OneShardMayHaveItAll) {
  Make({.max_memory_bytes = 8 * kMiB, .hash_seed = 1});
  // With the seed known, keys can be chosen by the fact that they land beside one another; capacity
  // makes that visible through the public interface alone.
  Cache probe({.max_memory_bytes = 8 * kMiB, .capacity_per_shard = 1, .hash_seed = 1});
  std::vector<std::string> keys;
  for (int i = 0; keys.size() < 2000; ++i) {
    const std::string key = Key(i);
    probe.put("key:0", "v");
    probe.put(key, "v");
    if (i == 0 || !probe.get("key:0")) keys.push_back(key);
  }
  std::size_t put = 0;
  while (put < keys.size() && Stats().charged_bytes < 99 * 8 * kMiB / 100) {
    Put(keys[put++], patterned(4000, 1));
  }
  EXPECT_GT(put, 1500U);
  EXPECT_EQ(Stats().evictions, 0U);
  for (std::size_t i = 0; i < put; ++i) ASSERT_TRUE(Get(keys[i])) << i;
}

TEST_F(CacheMemoryTest, AFullCacheStaysFullAcrossSizes) {
  constexpr std::size_t kLimit = 8 * kMiB;
  Make({.max_memory_bytes = kLimit});
  std::mt19937 random(11);
  std::lognormal_distribution<double> mixed(7.0, 1.5);
  int next = 0;
  for (const std::size_t size : {64U, 4096U, 300U, 40'960U, 64U, 0U, 512U}) {
    // Twice over, so that nothing of the size before is left.
    for (std::size_t written = 0; written < 2 * kLimit;) {
      const std::size_t n =
          size != 0
              ? size
              : std::min<std::size_t>(32 + static_cast<std::size_t>(mixed(random)), 512 * 1024);
      ASSERT_NE(Put(Key(next++), patterned(n, 1)), PutOutcome::too_large);
      written += n;
    }
    const CacheStats stats = Stats();
    EXPECT_GT(stats.charged_bytes, kLimit * 97 / 100) << size;
    EXPECT_LE(stats.charged_bytes, kLimit) << size;
    // 64-byte values have a header and an index as large as half of them.
    EXPECT_GE(stats.data_bytes, kLimit * (size == 64 ? 60 : 80) / 100) << size;
    ASSERT_EQ(cache_->check_invariants(), "");
  }
}

// A resize takes memory and gives it back at any of its steps, whatever the operation is.
// Entries that have just been used are moved to other slots: whatever a shard has put off for them
// must follow.
TEST_F(CacheMemoryTest, EntriesJustUsedMayBeMoved) {
  Make({.max_memory_bytes = 8 * kMiB, .shards = kMaxShards});
  const int count = FillTo(0.95, 64, 64, 8 * kMiB);
  for (int i = 0; i < count; i += 2) ASSERT_TRUE(cache_->erase(Key(i)));
  std::mt19937 random(3);
  const auto some_that_stayed = [&] {
    return static_cast<int>(random() % static_cast<unsigned>(count / 2)) * 2 + 1;
  };
  for (int i = 0; Stats().charged_bytes < 8 * kMiB * 9 / 10; ++i) {
    for (int used = 0; used < 20; ++used) ASSERT_TRUE(Get(Key(some_that_stayed())));
    ASSERT_EQ(Put("large:" + std::to_string(i), patterned(3000, 1)), PutOutcome::inserted);
  }
  EXPECT_EQ(Stats().evictions, 0U);
  ASSERT_EQ(cache_->check_invariants(), "");
}

TEST_F(CacheMemoryTest, TheBudgetIsKeptInTheMiddleOfResizes) {
  Make({.max_memory_bytes = kMinMemoryBytes, .shards = 1, .hash_seed = 3});
  std::mt19937 random(3);
  std::size_t index_bytes = Stats().index_bytes;
  int steps_of_index = 0;
  int erasing = 0;
  for (int i = 0; i < 60'000; ++i) {
    // A cache full of small entries, then of fewer and larger ones, then of small ones again.
    const std::size_t size = i < 16'000 || i > 40'000 ? 1 : 40 + random() % 200;
    if (erasing > 0) {
      Erase(Key(i - 1 - 2 * erasing--));
    } else {
      Put(Key(i), std::string(size, 'v'), {.ttl = milliseconds(random() % 4 == 0 ? 3'000 : 0)});
    }
    if (i % 20 == 0) clock_.advance(milliseconds(10));
    if (i % 50 == 0) cache_->maintain();
    if (Stats().index_bytes == index_bytes && i % 100 != 0) continue;
    if (Stats().index_bytes != index_bytes) {
      ++steps_of_index;
      if (erasing == 0) erasing = 100;
      index_bytes = Stats().index_bytes;
    }
    ASSERT_EQ(cache_->check_invariants(), "") << i;
  }
  EXPECT_GT(steps_of_index, 25);
}

// When nothing is left to evict, what stands in the way of a value may be the index.
TEST_F(CacheMemoryTest, TheLargestValueTakesTheRoomOfTheIndexToo) {
  Make({.max_memory_bytes = 4 * kMiB, .shards = 8});
  std::size_t largest = 4 * kMiB;
  while (Put("large", patterned(largest, 1)) == PutOutcome::too_large) largest -= 1024;
  Erase("large");
  for (int i = 0; i < 60'000; ++i) Put(Key(i), "v", {.ttl = milliseconds(1)});
  clock_.advance(milliseconds(1));
  // Gets take the entries away and leave the index as large as it is.
  for (int i = 0; i < 60'000; ++i) EXPECT_FALSE(Get(Key(i)));
  EXPECT_GT(Stats().index_bytes, 8U * 4096U);
  EXPECT_EQ(Put("large", patterned(largest, 2)), PutOutcome::inserted);
  EXPECT_EQ(Get("large"), patterned(largest, 2));
}

TEST_F(CacheMemoryTest, AMillionSmallEntriesCostAtMost32BytesEach) {
  Make({.max_memory_bytes = 512 * kMiB});
  const std::string value(64, 'v');
  for (int i = 0; i < 1'000'000; ++i) {
    char key[17];
    std::snprintf(key, sizeof key, "user:%011d", i);
    Put({key, 16}, value);
  }
  const CacheStats stats = Stats();
  EXPECT_EQ(stats.entries, 1'000'000U);
  EXPECT_LE(static_cast<double>(stats.charged_bytes - stats.data_bytes) / 1e6, 32.0);
}

}  // namespace
}  // namespace cubby::test
