// Many threads on one small cache, so that they meet in every part of it: put, get, erase,
// eviction, the growing index, and slots that are being moved. Worth most under ThreadSanitizer.

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "core/cache_fixture.hpp"

namespace cubby::test {
namespace {

class CacheConcurrencyTest : public CacheFixture {
 protected:
  template <class Work>
  void InThreads(unsigned count, Work work) {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < count; ++i) threads.emplace_back(work, i);
    for (std::thread& thread : threads) thread.join();
  }
};

// A value says which key it is for, so that a thread can tell when it gets another's, or half of
// one.
std::string value_for(unsigned key, std::size_t size) { return patterned(size, key); }

TEST_F(CacheConcurrencyTest, ValuesAreWholeAndTheKeysOwn) {
  Make({.max_memory_bytes = kMinMemoryBytes, .shards = 8});
  std::atomic<std::uint64_t> hits{0};
  InThreads(4, [&](unsigned thread) {
    std::mt19937 random(thread);
    for (int step = 0; step < 15'000; ++step) {
      const unsigned key = static_cast<unsigned>(random()) % 400;
      const std::string name = "key" + std::to_string(key);
      switch (random() % 8) {
        case 0:
        case 1:
        case 2:
          Put(name, value_for(key, random() % (random() % 8 == 0 ? 40'000 : 500)));
          break;
        case 3:
          Erase(name);
          break;
        default:
          if (const auto value = Get(name)) {
            hits.fetch_add(1, std::memory_order_relaxed);
            ASSERT_EQ(*value, value_for(key, value->size()));
          }
      }
    }
  });
  EXPECT_GT(hits.load(), 1000U);
  EXPECT_GT(Stats().evictions, 0U);
}

// Threads that put sizes which change together force pages from class to class while others read.
TEST_F(CacheConcurrencyTest, PagesMoveBetweenClassesUnderLoad) {
  Make({.max_memory_bytes = std::size_t{3} << 20, .shards = 4});
  InThreads(4, [&](unsigned thread) {
    std::mt19937 random(100 + thread);
    for (int step = 0; step < 12'000; ++step) {
      static constexpr std::size_t kSizes[] = {20, 3000, 200, 9000, 700};
      const std::size_t size = kSizes[(step / 2000) % 5];
      const unsigned key = static_cast<unsigned>(random()) % 20'000;
      const std::string name = std::to_string(key);
      if (random() % 3 != 0) {
        ASSERT_NE(Put(name, value_for(key, size + random() % size)), PutOutcome::too_large);
      } else if (const auto value = Get(name)) {
        ASSERT_EQ(*value, value_for(key, value->size()));
      }
    }
  });
  EXPECT_GT(Stats().evictions, 0U);
}

// The sum of all threads' charges is exact: nobody evicts while there is room for everybody.
TEST_F(CacheConcurrencyTest, NothingIsEvictedWhileThereIsRoom) {
  constexpr unsigned kThreads = 4;
  constexpr unsigned kEach = 2500;
  Make({.max_memory_bytes = kThreads * kEach, .shards = 8, .charge = unit_charge()});
  InThreads(kThreads, [&](unsigned thread) {
    for (unsigned i = 0; i < kEach; ++i) {
      ASSERT_EQ(Put(std::to_string(thread) + ":" + std::to_string(i), "v"), PutOutcome::inserted);
    }
  });
  EXPECT_EQ(Stats().entries, kThreads * kEach);
  EXPECT_EQ(Stats().evictions, 0U);
}

// Values that only fit alone, from several threads at once: each put ends, and with its value
// stored or replaced by another's.
TEST_F(CacheConcurrencyTest, PutsThatNeedTheWholeBudgetDoNotBlockEachOther) {
  Make({.max_memory_bytes = 10,
        .shards = 4,
        .charge = [](std::string_view, std::size_t value_bytes) { return value_bytes; }});
  InThreads(4, [&](unsigned thread) {
    for (int i = 0; i < 500; ++i) {
      ASSERT_EQ(Put(std::to_string(thread * 1000 + static_cast<unsigned>(i)), "0123456789"),
                PutOutcome::inserted);
    }
  });
  EXPECT_EQ(Stats().entries, 1U);
}

// A shard whose oldest entry two threads have chosen has another oldest when the first of them is
// done, which may be one that has just been used.
TEST_F(CacheConcurrencyTest, WhatIsUsedBeforeEveryPutIsNeverEvicted) {
  constexpr int kHot = 8;
  Make({.max_memory_bytes = 100, .shards = 64, .hash_seed = 1, .charge = unit_charge()});
  for (int i = 0; i < kHot; ++i) Put("hot" + std::to_string(i), "v");
  InThreads(4, [&](unsigned thread) {
    for (int i = 0; i < 20'000; ++i) {
      for (int k = 0; k < kHot; ++k) {
        ASSERT_TRUE(cache_->touch(cache_->prepare("hot" + std::to_string(k)))) << i;
      }
      Put(std::to_string(thread) + ":" + std::to_string(i), "v");
    }
  });
}

// Two replacements that each need what the other holds or has given up already.
TEST_F(CacheConcurrencyTest, GrowingReplacementsDoNotWaitForEachOther) {
  Make({.max_memory_bytes = 10,
        .shards = 4,
        .charge = [](std::string_view, std::size_t value_bytes) { return value_bytes; }});
  InThreads(2, [&](unsigned thread) {
    const std::string key(1, static_cast<char>('a' + thread));
    for (int i = 0; i < 20'000; ++i) {
      ASSERT_NE(Put(key, i % 2 == 0 ? "4444" : "999999999"), PutOutcome::too_large);
    }
  });
}

}  // namespace
}  // namespace cubby::test
