// Cache::clear(): gone at once for whoever looks, and the memory given back afterwards.

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/cache_fixture.hpp"
#include "core/entry_store.hpp"
#include "core/index.hpp"

namespace cubby::test {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMiB = std::size_t{1} << 20;

class ClearTest : public CacheFixture {
 protected:
  void Fill(int entries, std::size_t value_size = 20) {
    for (int i = 0; i < entries; ++i) Put(Name(i), patterned(value_size, static_cast<unsigned>(i)));
  }
  static std::string Name(int i) { return "key" + std::to_string(i); }
  void MaintainAll() {
    while (cache_->maintain()) {
    }
  }
};

TEST_F(ClearTest, NothingIsFoundAndNothingCountedAtOnce) {
  Make({.max_memory_bytes = 32 * kMiB});
  const CacheStats empty = Stats();
  Fill(5000);
  Put("large", std::string(kLargeValueBytes + 1, 'x'));
  Put("chained", std::string(50'000, 'x'));
  cache_->clear();
  EXPECT_EQ(Stats().entries, 0U);
  EXPECT_EQ(Stats().data_bytes, 0U);
  EXPECT_EQ(Stats().oldest_age, std::nullopt);
  EXPECT_EQ(Stats().index_bytes, empty.index_bytes);
  EXPECT_GT(Stats().entry_bytes, 5000U * 40) << "their memory is still there";
  EXPECT_EQ(cache_->check_invariants(), "");
  EXPECT_EQ(Get(Name(1)), std::nullopt);
  EXPECT_FALSE(Erase(Name(2)));
  EXPECT_EQ(Put(Name(3), "new"), PutOutcome::inserted);
  EXPECT_EQ(Get(Name(3)), "new");
  EXPECT_EQ(Stats().entries, 1U);
  MaintainAll();
  EXPECT_EQ(Get(Name(3)), "new");
  Erase(Name(3));
  MaintainAll();
  EXPECT_EQ(Stats().charged_bytes, empty.charged_bytes);
  EXPECT_EQ(Stats().evictions, 0U);
  EXPECT_EQ(Stats().expirations, 0U);
}

// Who has found one entry gone finds none of the others, and what he puts then stays.
TEST_F(ClearTest, IsOneMomentForWhoeverLooks) {
  constexpr int kEntries = 300;
  Make({.max_memory_bytes = 32 * kMiB, .shards = 64});
  for (int round = 0; round < 200; ++round) {
    Fill(kEntries);
    std::atomic<bool> looks{false};
    std::thread clears([&] {
      while (!looks.load()) {
      }
      cache_->clear();
    });
    bool gone = false;
    for (int i = 0; !gone; i = (i + 1) % kEntries) {
      gone = !Get(Name(i));
      looks.store(true);
    }
    Put("late", "stays");
    for (int i = 0; i < kEntries; ++i) EXPECT_EQ(Get(Name(i)), std::nullopt) << round;
    clears.join();
    EXPECT_EQ(Get("late"), "stays") << round;
    cache_->erase("late");
    MaintainAll();
  }
}

TEST_F(ClearTest, MaintenanceGivesTheMemoryBackInPieces) {
  Make({.max_memory_bytes = 32 * kMiB, .shards = 1});
  Fill(20'000);
  cache_->clear();
  const std::uint64_t before = Stats().entry_bytes;
  std::uint64_t last = before;
  int calls = 0;
  for (bool more = true; more; ++calls) {
    more = cache_->maintain();
    EXPECT_GE(Stats().entry_bytes + before / 20, last) << "at most a twentieth at once";
    last = Stats().entry_bytes;
    ASSERT_EQ(cache_->check_invariants(), "");
  }
  EXPECT_EQ(last, 0U);
  EXPECT_GT(calls, 20);
}

TEST_F(ClearTest, WhatWasClearedGoesBeforeAnythingIsEvicted) {
  Make({.max_memory_bytes = 2 * kMiB, .shards = 4});
  Put("pinned", std::string(kLargeValueBytes + 1, 'x'));
  Fill(5000, 200);
  const std::uint64_t evicted = Stats().evictions;
  cache_->clear();
  Fill(4000, 200);
  EXPECT_EQ(Stats().entries, 4000U);
  EXPECT_EQ(Stats().evictions, evicted);
  for (int i = 0; i < 4000; ++i) {
    ASSERT_EQ(Get(Name(i)), patterned(200, static_cast<unsigned>(i)));
  }
}

TEST_F(ClearTest, AgainAndAgainWithoutMaintenance) {
  Make({.max_memory_bytes = 8 * kMiB, .shards = 2});
  for (int round = 0; round < 40; ++round) {
    Fill(round * 20, 100);
    cache_->clear();
    ASSERT_EQ(Stats().entries, 0U);
    ASSERT_EQ(Get(Name(0)), std::nullopt);
  }
  EXPECT_EQ(cache_->check_invariants(), "");
  cache_->clear();
  MaintainAll();
  EXPECT_EQ(Stats().entry_bytes, 0U);
}

TEST_F(ClearTest, WhatHasExpiredAsWellCountsAsNeither) {
  Make({.max_memory_bytes = 8 * kMiB, .shards = 2});
  for (int i = 0; i < 1000; ++i) Put(Name(i), "value", {.ttl = milliseconds(10)});
  cache_->clear();
  clock_.advance(milliseconds(20));
  Fill(10);
  MaintainAll();
  EXPECT_EQ(Stats().expirations, 0U);
  EXPECT_EQ(Stats().entries, 10U);
}

TEST_F(ClearTest, TheCapacityOfAShardIsForWhatLives) {
  Make({.max_memory_bytes = 8 * kMiB, .shards = 1, .capacity_per_shard = 100});
  Fill(100);
  cache_->clear();
  Fill(100);
  EXPECT_EQ(Stats().entries, 100U);
  EXPECT_EQ(Stats().evictions, 0U);
}

TEST_F(ClearTest, APinnedValueOutlivesIt) {
  Make({.max_memory_bytes = 8 * kMiB, .shards = 2});
  const std::string value = patterned(kMiB, 1);
  Put("key", value);
  PinnedValue pinned;
  cache_->get("key", [&](const ValueView& view) { pinned = view.pin(); });
  cache_->clear();
  MaintainAll();
  EXPECT_TRUE(pinned.detached());
  std::string read;
  while (read.size() < pinned.size()) read += pinned.part(read.size());
  EXPECT_EQ(read, value);
  EXPECT_GT(Stats().detached_bytes, kMiB);
}

TEST_F(ClearTest, WhileTheIndexGrows) {
  Make({.max_memory_bytes = 16 * kMiB, .shards = 1});
  for (int entries = 2000; entries < 4000; entries += 37) {
    Fill(entries);
    cache_->clear();
    ASSERT_EQ(Get(Name(1)), std::nullopt);
    ASSERT_EQ(cache_->check_invariants(), "");
  }
}

// Slots of cleared entries are moved like any other when values of another size want the pages.
TEST_F(ClearTest, TheCompactorMovesWhatWasCleared) {
  Make({.max_memory_bytes = 3 * kMiB, .shards = 2});
  std::mt19937 random(1);
  for (int round = 0; round < 12; ++round) {
    const std::size_t size = std::size_t{30} << (round % 6);
    for (int i = 0; i < 4000; ++i) {
      Put(Name(static_cast<int>(random() % 20'000)), patterned(size + random() % size, 1));
    }
    for (int i = 0; i < 20'000; ++i) {
      if (random() % 3 != 0) Erase(Name(i));
    }
    cache_->clear();
    EXPECT_EQ(cache_->check_invariants(), "");
    EXPECT_EQ(Stats().entries, 0U);
  }
}

// Whoever puts numbers and sees one of an earlier round has been given what was cleared.
TEST_F(ClearTest, WhileOthersGetAndPut) {
  Make({.max_memory_bytes = 4 * kMiB, .shards = 4});
  std::atomic<int> cleared{-1};  // rounds that are over: nothing of them may be found
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (unsigned thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&, thread] {
      std::mt19937 random(thread);
      while (!done) {
        const std::string key = Name(static_cast<int>(random() % 5000));
        if (random() % 2 == 0) {
          Put(std::to_string(thread) + key, std::string(random() % 400, 'x'));
          continue;
        }
        const int over = cleared;
        if (const auto value = Get(key)) {
          ASSERT_GT(std::stoi(*value), over);
        }
        if (random() % 100 == 0) cache_->maintain();
      }
    });
  }
  for (int i = 0; i < 60; ++i) {
    for (int k = 0; k < 1000; ++k) Put(Name(k), std::to_string(i));
    cache_->clear();
    cleared = i;
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
}

TEST(IndexClearTest, WithoutMemoryForAnotherTableItWritesTheOneItHas) {
  Arena arena(16 * kMiB);
  Slab slab(arena);
  EntryStore store(arena, slab);
  Index index(arena, 1);
  NewValue empty;
  for (int i = 0; i < 5000; ++i) {
    const KeyHash hash = KeyHash::of(std::to_string(i), 1);
    Leftover leftover;
    index.reserve(hash, leftover);
    index.insert(hash, store.create(std::to_string(i), empty, SlotMeta().with_owner(1)));
  }
  Index::Tables none;
  index.clear(none);
  EXPECT_EQ(index.size(), 0U);
  EXPECT_TRUE(index.consistent());
  EXPECT_FALSE(index.find(KeyHash::of("7", 1), "7"));
}

}  // namespace
}  // namespace cubby::test
