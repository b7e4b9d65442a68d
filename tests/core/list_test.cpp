// Cache::list(): a key that lives through a listing is visited exactly once, whatever else changes.

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/cache_fixture.hpp"
#include "core/entry_store.hpp"
#include "core/index.hpp"
#include "core/listing.hpp"

namespace cubby::test {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMiB = std::size_t{1} << 20;

class ListTest : public CacheFixture {
 protected:
  using Keys = std::vector<std::string>;

  // All keys, in pages of `most`; `between` is called between them.
  template <class Between>
  Keys List(const ListLimits& limits, Between between) {
    Keys keys;
    for (std::optional<std::uint64_t> cursor = 0; cursor;) {
      const std::size_t before = keys.size();
      cursor = cache_->list(*cursor, limits, [&](std::string_view key, const ValueView&) {
        keys.emplace_back(key);
        return true;
      });
      EXPECT_LE(keys.size() - before, limits.most);
      between();
    }
    return keys;
  }
  Keys List(std::size_t most = 1000) {
    return List({.most = most}, [] {});
  }
};

std::vector<std::string> sorted(std::vector<std::string> keys) {
  std::sort(keys.begin(), keys.end());
  return keys;
}

TEST_F(ListTest, NothingOfAnEmptyCache) {
  Make();
  EXPECT_EQ(List(), Keys());
  EXPECT_EQ(List(1), Keys());
}

TEST_F(ListTest, EveryKeyOnceInPagesOfAnySize) {
  for (const std::size_t shards : {1U, 2U, 64U, 256U}) {
    Make({.max_memory_bytes = 32 * kMiB, .shards = shards});
    Keys all;
    for (int i = 0; i < 3000; ++i) {
      all.push_back("key" + std::to_string(i));
      Put(all.back(), std::to_string(i));
    }
    for (const std::size_t most : {1U, 2U, 7U, 1000U, 100'000U}) {
      EXPECT_EQ(sorted(List(most)), sorted(all)) << most << " of " << shards;
    }
    EXPECT_EQ(List(7), List(1000)) << "the order is the same";
  }
}

TEST_F(ListTest, VisitsTheEntryAsItIs) {
  Make();
  const std::string large = patterned(kLargeValueBytes + 1, 1);
  Put("small", "value", {.ttl = milliseconds(70), .flags = 3});
  Put("large", large);
  std::map<std::string, std::size_t, std::less<>> sizes;
  cache_->list(0, {}, [&](std::string_view key, const ValueView& value) {
    sizes.emplace(key, value.size());
    if (key == "small") {
      EXPECT_EQ(value.ttl(), milliseconds(70));
      EXPECT_EQ(value.flags(), 3);
      std::string text;
      value.append_to(text);
      EXPECT_EQ(text, "value");
    } else {
      EXPECT_EQ(value.pin().size(), large.size());
    }
    return true;
  });
  EXPECT_EQ(sizes.size(), 2U);
}

TEST_F(ListTest, IsNoUseOfAnEntry) {
  MakeExact(2);
  Put("first", "1");
  Put("second", "2");
  EXPECT_EQ(List().size(), 2U);
  Put("third", "3");
  EXPECT_EQ(Get("first"), std::nullopt);
  EXPECT_EQ(Stats().hits, 0U);
  EXPECT_EQ(Stats().misses, 1U);
}

TEST_F(ListTest, SkipsWhatHasExpiredOrWasCleared) {
  Make();
  Put("cleared", "value");
  cache_->clear();
  Put("expires", "value", {.ttl = milliseconds(10)});
  Put("stays", "value", {.ttl = milliseconds(11)});
  clock_.advance(milliseconds(10));
  EXPECT_EQ(List(), Keys{"stays"});
}

TEST_F(ListTest, LimitsOfNothingLeadNowhereElse) {
  Make();
  Put("key", "value");
  const auto visit = [](std::string_view, const ValueView&) { return true; };
  EXPECT_EQ(cache_->list(0, {.most = 0}, visit), 0U);
  EXPECT_EQ(cache_->list(0, {.most_examined = 0}, visit), 0U);
}

// One key in a thousand counts: a page must end long before it has as many as it may.
TEST_F(ListTest, WhatIsExaminedIsBounded) {
  Make({.max_memory_bytes = 32 * kMiB, .shards = 4});
  for (int i = 0; i < 20'000; ++i) Put("key" + std::to_string(i), "v");
  std::size_t counted = 0;
  std::size_t pages = 0;
  for (std::optional<std::uint64_t> cursor = 0; cursor; ++pages) {
    std::size_t examined = 0;
    cursor = cache_->list(*cursor, {.most = 10, .most_examined = 500},
                          [&](std::string_view key, const ValueView&) {
                            ++examined;
                            const bool counts = key.ends_with("777");
                            counted += counts;
                            return counts;
                          });
    EXPECT_LE(examined, 800U);
  }
  EXPECT_EQ(counted, 20U);
  EXPECT_GE(pages, 20'000U / 800);
  EXPECT_LE(pages, 200U);
}

// An empty table is still a walk along its chunks.
TEST_F(ListTest, PartsWithoutEntriesAreExaminedToo) {
  Make({.max_memory_bytes = 32 * kMiB, .shards = 1});
  for (int i = 0; i < 100'000; ++i) Put(std::to_string(i), "");
  for (int i = 1; i < 100'000; ++i) Erase(std::to_string(i));
  std::size_t pages = 0;
  const Keys keys = List({.most = 10, .most_examined = 1}, [&] { ++pages; });
  EXPECT_EQ(keys, Keys{"0"});
  EXPECT_GT(pages, 1U);
}

TEST_F(ListTest, WhatTheVisitorThrowsComesThrough) {
  Make();
  Put("key", "value");
  const auto visit = [](std::string_view, const ValueView&) -> bool { throw std::bad_alloc(); };
  EXPECT_THROW(cache_->list(0, {}, visit), std::bad_alloc);
  EXPECT_EQ(Get("key"), "value") << "nothing is locked";
}

TEST_F(ListTest, AnyNumberIsACursor) {
  Make();
  for (int i = 0; i < 1000; ++i) Put(std::to_string(i), "");
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    std::size_t visited = 0;
    cache_->list(random(), {.most = 3}, [&](std::string_view, const ValueView&) {
      ++visited;
      return true;
    });
    EXPECT_LE(visited, 3U);
  }
}

TEST_F(ListTest, CachesDifferInIdentity) {
  Make({.hash_seed = 1});
  const std::uint64_t identity = cache_->identity();
  EXPECT_EQ(cache_->identity(), identity);
  Make({.hash_seed = 1});
  EXPECT_NE(cache_->identity(), identity);
}

TEST(CursorCodeTest, IsOneToOneAndKeepsZero) {
  const CursorCode code(1, 2);
  EXPECT_EQ(code.encode(0), 0U);
  EXPECT_EQ(code.decode(0), 0U);
  std::mt19937_64 random(3);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t rank = i % 2 == 0 ? random() : static_cast<std::uint64_t>(i) << (i % 60);
    EXPECT_EQ(code.decode(code.encode(rank)), rank);
    seen.insert(code.encode(static_cast<std::uint64_t>(i)));
  }
  EXPECT_EQ(seen.size(), 10'000U);
  EXPECT_NE(code.encode(1), CursorCode(1, 3).encode(1));
  EXPECT_NE(code.encode(1), CursorCode(2, 2).encode(1));
}

TEST(KeyRankTest, IsOneToOneAndInTheOrderOfShardAndPlace) {
  std::mt19937_64 random(4);
  for (unsigned shard_bits = 0; shard_bits <= 8; ++shard_bits) {
    std::set<std::uint64_t> ranks;
    std::set<std::uint64_t> hashes;
    for (int i = 0; i < 2000; ++i) {
      const KeyHash hash{random() & random()};
      const KeyRank rank = KeyRank::of(hash, shard_bits);
      EXPECT_EQ(rank.shard(shard_bits), hash.shard(shard_bits));
      EXPECT_EQ(rank.place(shard_bits), hash.place());
      EXPECT_GE(rank.value, KeyRank::first_of(hash.shard(shard_bits), shard_bits).value);
      EXPECT_GE(rank.value, rank.with_place(hash.place(), shard_bits).value);
      if (hash.place() != UINT32_MAX) {
        EXPECT_LT(rank.value, rank.with_place(hash.place() + 1, shard_bits).value);
      }
      ranks.insert(rank.value);
      hashes.insert(hash.value);
    }
    EXPECT_EQ(ranks.size(), hashes.size()) << shard_bits;
  }
}

// Between the pages everything happens that can move an entry.
class ChangingListTest : public ListTest, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(ChangingListTest, WhatLivesThroughIsVisitedOnce) {
  const std::size_t most = GetParam();
  std::mt19937 random(static_cast<unsigned>(most));
  for (int round = 0; round < 12; ++round) {
    Make({.max_memory_bytes = 128 * kMiB, .shards = round % 3 == 0 ? 1U : 4U});
    std::set<std::string> there;
    unsigned next = 0;
    const auto add = [&] {
      const std::string key = "key" + std::to_string(next++);
      Put(key, std::string(random() % 300, 'v'));
      there.insert(key);
    };
    const std::size_t begin = round % 2 == 0 ? 300 : 3000;
    while (there.size() < begin) add();
    // What was there at the beginning and has not gone since.
    std::set<std::string> lives = there;
    const bool grows = round % 4 < 2;
    const Keys listed = List({.most = most}, [&] {
      for (unsigned i = 0; i < (most > 100 ? 2000U : 12U); ++i) {
        const unsigned what = static_cast<unsigned>(random()) % 10;
        const std::string key = "key" + std::to_string(random() % next);
        if (what < (grows ? 7U : 1U) && there.size() < 20'000) {
          add();
        } else if (what < 8) {
          if (grows && what < 7) continue;
          if (Erase(key)) {
            EXPECT_EQ(there.erase(key), 1U);
          }
          lives.erase(key);
        } else if (there.count(key) != 0) {
          Put(key, std::string(random() % 3000, 'w'));
        }
      }
      cache_->maintain();
    });
    ASSERT_EQ(Stats().evictions, 0U);
    const std::set<std::string> visited(listed.begin(), listed.end());
    EXPECT_EQ(visited.size(), listed.size()) << "one was visited twice";
    EXPECT_TRUE(std::includes(visited.begin(), visited.end(), lives.begin(), lives.end()))
        << "one was left out, round " << round;
    EXPECT_EQ(cache_->check_invariants(), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Pages, ChangingListTest, ::testing::Values(1U, 2U, 7U, 1000U));

// Threads that make tables grow and shrink and pages be emptied, beside keys that nobody touches.
TEST_F(ListTest, WhatLivesThroughIsVisitedOnceWhileThreadsChangeTheRest) {
  Make({.max_memory_bytes = 24 * kMiB, .shards = 4});
  constexpr int kStay = 2000;
  for (int i = 0; i < kStay; ++i)
    Put("stays" + std::to_string(i), std::string(static_cast<std::size_t>(i % 200), 's'));
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (unsigned thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&, thread] {
      const auto name = [&](unsigned i) {
        return std::to_string(thread) + ":" + std::to_string(i);
      };
      for (unsigned round = 0; !done; ++round) {
        for (unsigned i = 0; i < 12'000 && !done; ++i) Put(name(i), std::string(i % 100, 'x'));
        for (unsigned i = 0; i < 12'000 && !done; ++i) {
          Erase(name(i));
          if (i % 64 == 0) cache_->maintain();
          if (i % 16 == 0) Put("stays" + std::to_string(i % kStay), std::string(round % 300, 't'));
        }
      }
    });
  }
  for (const std::size_t most : {1000U, 7U, 300U, 1000U, 100U}) {
    std::map<std::string, int> visits;
    for (const std::string& key : List(most)) ++visits[key];
    int stayed = 0;
    for (const auto& [key, times] : visits) {
      EXPECT_EQ(times, 1) << key;
      stayed += key.starts_with("stays");
    }
    EXPECT_EQ(stayed, kStay);
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Stats().evictions, 0U);
}

// What one lock has to look at is bounded by the places of a piece, whatever state the index is in.
TEST(ListPieceTest, HasFewEntriesHoweverFullTheTableIs) {
  constexpr std::uint64_t kSeed = 5;
  constexpr std::uint32_t kChunks = 16;
  Arena arena(64 * kMiB);
  Slab slab(arena);
  EntryStore store(arena, slab);
  Index index(arena, kSeed);
  NewValue empty;
  std::size_t largest = 0;
  for (int entries = 0; entries < 60'000; ++entries) {
    const std::string key = std::to_string(entries);
    const KeyHash hash = KeyHash::of(key, kSeed);
    Leftover leftover;
    index.reserve(hash, leftover);
    index.insert(hash, store.create(key, empty, SlotMeta().with_owner(1)));
    if (entries % 2000 != 0 && entries < 59'900) continue;
    std::set<Ref> found;
    for (std::uint64_t place = 0; place <= UINT32_MAX;) {
      const auto begin = static_cast<std::uint32_t>(place);
      const std::uint64_t end = index.piece_end(begin, kChunks);
      ASSERT_GT(end, place);
      std::size_t seen = 0;
      index.for_each_between(begin, end, [&](Ref ref) {
        ++seen;
        found.insert(ref);
      });
      largest = std::max(largest, seen);
      place = end;
    }
    ASSERT_EQ(found.size(), index.size());
  }
  EXPECT_LE(largest, 256U);
  EXPECT_GT(largest, 150U) << "the table was never full";
}

}  // namespace
}  // namespace cubby::test
