// Expired entries: who takes them away, and when.

#include <thread>

#include "core/cache_fixture.hpp"

namespace cubby::test {
namespace {

using std::chrono::milliseconds;

class ExpiryTest : public CacheFixture {
 protected:
  // Returns how many.
  std::size_t RemoveExpired() {
    const std::uint64_t before = Stats().expirations;
    while (cache_->maintain()) {
    }
    return Stats().expirations - before;
  }
  void PutMany(int count, milliseconds ttl, std::size_t size = 64) {
    for (int i = 0; i < count; ++i) {
      Put("key" + std::to_string(next_++), patterned(size, 1), {.ttl = ttl});
    }
  }

  int next_ = 0;
};

TEST_F(ExpiryTest, MemoryComesBackWithoutAnyoneAskingForTheKeys) {
  Make();
  const std::size_t charged_when_empty = Stats().charged_bytes;
  PutMany(50'000, milliseconds(1000));
  clock_.advance(milliseconds(999));
  EXPECT_EQ(RemoveExpired(), 0U);
  clock_.advance(milliseconds(1));
  EXPECT_EQ(RemoveExpired(), 50'000U);
  EXPECT_EQ(Stats().entries, 0U);
  EXPECT_EQ(Stats().expirations, 50'000U);
  EXPECT_EQ(Stats().charged_bytes, charged_when_empty);
}

TEST_F(ExpiryTest, OnlyWhatHasExpiredGoes) {
  Make();
  for (int i = 0; i < 1000; ++i) PutMany(1, milliseconds(i % 3 * 100));
  clock_.advance(milliseconds(100));
  EXPECT_EQ(RemoveExpired(), 333U);
  clock_.advance(milliseconds(100));
  EXPECT_EQ(RemoveExpired(), 333U);
  clock_.advance(std::chrono::hours(1000));
  EXPECT_EQ(RemoveExpired(), 0U);
  EXPECT_EQ(Stats().entries, 334U);
}

TEST_F(ExpiryTest, ANewTimeToLiveCounts) {
  Make();
  Put("longer", "v", {.ttl = milliseconds(10)});
  Put("shorter", "v", {.ttl = milliseconds(1000)});
  Put("forever", "v", {.ttl = milliseconds(10)});
  Put("longer", "w", {.ttl = milliseconds(1000)});
  Put("shorter", std::string(5000, 'x'), {.ttl = milliseconds(10)});
  Put("forever", "w");
  clock_.advance(milliseconds(10));
  EXPECT_EQ(RemoveExpired(), 1U);
  EXPECT_TRUE(Get("longer"));
  EXPECT_TRUE(Get("forever"));
  clock_.advance(milliseconds(990));
  EXPECT_EQ(RemoveExpired(), 1U);
  EXPECT_TRUE(Get("forever"));
}

TEST_F(ExpiryTest, LargeValuesExpireWhole) {
  Make();
  const std::size_t charged_when_empty = Stats().charged_bytes;
  PutMany(100, milliseconds(5), 100'000);
  clock_.advance(milliseconds(5));
  EXPECT_EQ(RemoveExpired(), 100U);
  EXPECT_EQ(Stats().charged_bytes, charged_when_empty);
}

// The expired entry is the most recently used one: it goes all the same, and nobody else does.
TEST_F(ExpiryTest, ExpiredEntriesGoBeforeLiveOnesAreEvicted) {
  Make({.max_memory_bytes = 1000, .shards = 8, .charge = unit_charge()});
  PutMany(600, milliseconds(0));
  PutMany(400, milliseconds(50));
  clock_.advance(milliseconds(50));
  PutMany(400, milliseconds(0));
  EXPECT_EQ(Stats().evictions, 0U);
  EXPECT_EQ(Stats().expirations, 400U);
  EXPECT_EQ(Stats().entries, 1000U);
  PutMany(1, milliseconds(0));
  EXPECT_EQ(Stats().evictions, 1U);
}

// What was noted for entries that have lost their time to live leads to nothing, page after page;
// that is no reason to evict.
TEST_F(ExpiryTest, ExpiredEntriesGoFirstBehindStaleHintsToo) {
  Make({.max_memory_bytes = 10'000, .shards = 8, .charge = unit_charge()});
  PutMany(9'600, milliseconds(50));
  for (int i = 0; i < 9'600; ++i) Put("key" + std::to_string(i), patterned(64, 1));
  PutMany(400, milliseconds(50));
  clock_.advance(milliseconds(50));
  PutMany(400, milliseconds(0));
  EXPECT_EQ(Stats().evictions, 0U);
  EXPECT_EQ(Stats().expirations, 400U);
  PutMany(1, milliseconds(0));
  EXPECT_EQ(Stats().evictions, 1U);
}

// Gets take away what they find expired, but leave the index to maintain().
TEST_F(ExpiryTest, TheIndexComesBackWithoutARequest) {
  Make();
  const std::size_t index_bytes = Stats().index_bytes;
  PutMany(100'000, milliseconds(50));
  EXPECT_GE(Stats().index_bytes, 600'000U);
  clock_.advance(milliseconds(50));
  for (int i = 0; i < next_; ++i) EXPECT_FALSE(Get("key" + std::to_string(i)));
  EXPECT_EQ(RemoveExpired(), 0U);
  EXPECT_EQ(Stats().index_bytes, index_bytes);
}

TEST_F(ExpiryTest, TheClockMayCountFromAnywhere) {
  clock_.advance(std::chrono::years(57));  // as the system's wall clock does
  Make();
  Put("k", "v", {.ttl = milliseconds(10)});
  EXPECT_TRUE(Get("k"));
  clock_.advance(milliseconds(10));
  EXPECT_FALSE(Get("k"));
}

TEST_F(ExpiryTest, ANegativeTimeToLiveIsOver) {
  Make();
  EXPECT_EQ(Put("k", "v", {.ttl = milliseconds(-1)}), PutOutcome::inserted);
  EXPECT_FALSE(Get("k"));
}

TEST_F(ExpiryTest, AnExpiredEntryThatMakesRoomInAFullShardIsNoEviction) {
  Make({.shards = 1, .capacity_per_shard = 2});
  Put("a", "v", {.ttl = milliseconds(10)});
  Put("b", "v");
  clock_.advance(milliseconds(10));
  Put("c", "v");
  EXPECT_EQ(Stats().expirations, 1U);
  EXPECT_EQ(Stats().evictions, 0U);
  Put("d", "v");
  EXPECT_EQ(Stats().evictions, 1U);
}

// Many hints that lead nowhere must not make one put read them all, nor hide what has expired.
TEST_F(ExpiryTest, StaleHintsDoNotHideWhatHasExpired) {
  Make({.max_memory_bytes = 20'000, .shards = 4, .charge = unit_charge()});
  PutMany(19'999, milliseconds(10));
  for (int i = 0; i < 19'999; ++i) Put("key" + std::to_string(i), patterned(64, 1));
  Put("expires", "v", {.ttl = milliseconds(10)});
  clock_.advance(milliseconds(10));
  EXPECT_EQ(RemoveExpired(), 1U);
  EXPECT_EQ(Stats().entries, 19'999U);
}

// Moving slots must not lose sight of when their entries expire.
TEST_F(ExpiryTest, EntriesThatWereMovedStillExpire) {
  Make({.max_memory_bytes = std::size_t{2} << 20, .shards = 2});
  PutMany(14'000, milliseconds(100));
  for (int i = 0; i < 14'000; i += 2) Erase("key" + std::to_string(i));
  // Larger values need the pages that are half empty now.
  PutMany(250, milliseconds(0), 3000);
  EXPECT_EQ(Stats().evictions, 0U);
  clock_.advance(milliseconds(100));
  EXPECT_EQ(RemoveExpired(), 7'000U);
  EXPECT_EQ(Stats().entries, 250U);
}

TEST_F(ExpiryTest, SweepsWhileOthersPutGetAndEvict) {
  Make({.max_memory_bytes = kMinMemoryBytes, .shards = 4});
  std::atomic<bool> done{false};
  std::thread sweeper([&] {
    while (!done) {
      clock_.advance(milliseconds(1));
      cache_->maintain();
    }
  });
  std::vector<std::thread> users;
  for (unsigned t = 0; t < 2; ++t) {
    users.emplace_back([&, t] {
      for (unsigned i = 0; i < 20'000; ++i) {
        const unsigned key = (i * 7919 + t) % 3000;
        const std::string name = std::to_string(key);
        Put(name, patterned(key % 7 == 0 ? 3000 : 100, key), {.ttl = milliseconds(1 + key % 20)});
        const unsigned other = (i * 104'729) % 3000;
        if (const auto value = Get(std::to_string(other))) {
          ASSERT_EQ(*value, patterned(value->size(), other));
        }
      }
    });
  }
  for (std::thread& user : users) user.join();
  done = true;
  sweeper.join();
  EXPECT_GT(Stats().expirations, 0U);
  clock_.advance(milliseconds(100));
  RemoveExpired();
  EXPECT_EQ(Stats().entries, 0U);
}

}  // namespace
}  // namespace cubby::test
