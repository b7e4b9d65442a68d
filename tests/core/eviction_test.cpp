#include <iterator>
#include <list>
#include <random>
#include <string>

#include "core/cache_fixture.hpp"

namespace cubby::test {
namespace {

class EvictionTest : public CacheFixture {
 protected:
  // The keys of a..z that are still there. Counts as a use of each of them.
  std::string Left() {
    std::string left;
    for (char c = 'a'; c <= 'z'; ++c) {
      if (Get(std::string(1, c))) left += c;
    }
    return left;
  }
};

TEST_F(EvictionTest, TheLeastRecentlyPutGoesFirst) {
  MakeExact(3);
  for (const char* key : {"a", "b", "c"}) Put(key, "v");
  EXPECT_EQ(Stats().evictions, 0U);
  Put("d", "v");
  EXPECT_EQ(Stats().evictions, 1U);
  EXPECT_EQ(Left(), "bcd");
}

TEST_F(EvictionTest, AGetMakesAnEntryTheMostRecentlyUsed) {
  MakeExact(3);
  for (const char* key : {"a", "b", "c"}) Put(key, "v");
  Get("a");
  Put("d", "v");
  EXPECT_EQ(Left(), "acd");
}

TEST_F(EvictionTest, SoDoesAPutInPlaceOrElsewhere) {
  MakeExact(3);
  for (const char* key : {"a", "b", "c"}) Put(key, "v");
  Put("a", "w");
  Put("b", std::string(5000, 'x'));
  Put("d", "v");
  EXPECT_EQ(Left(), "abd");
}

TEST_F(EvictionTest, AMissAndAnErasedKeyChangeNothing) {
  MakeExact(3);
  for (const char* key : {"a", "b", "c"}) Put(key, "v");
  Get("x");
  Erase("b");
  Put("d", "v");
  EXPECT_EQ(Stats().evictions, 0U);
  EXPECT_EQ(Left(), "acd");
}

TEST_F(EvictionTest, AReplacementPaysForItsGrowthOnly) {
  Make({.max_memory_bytes = 10,
        .shards = 1,
        .charge = [](std::string_view, std::size_t value_bytes) { return value_bytes; }});
  Put("a", "4444");
  Put("b", "4444");
  EXPECT_EQ(Put("b", "666666"), PutOutcome::replaced);
  EXPECT_EQ(Stats().evictions, 0U);
  EXPECT_EQ(Put("b", "7777777"), PutOutcome::replaced);
  EXPECT_EQ(Stats().evictions, 1U);
  EXPECT_EQ(Left(), "b");
}

// The room that an entry needs may have to come from the entry itself.
TEST_F(EvictionTest, AReplacementMayEvictWhatItReplaces) {
  Make({.max_memory_bytes = 10,
        .shards = 1,
        .charge = [](std::string_view, std::size_t value_bytes) { return value_bytes; }});
  Put("a", "4444");
  Put("b", "4444");
  EXPECT_EQ(Put("a", "0123456789"), PutOutcome::inserted);
  EXPECT_EQ(Left(), "a");
  EXPECT_EQ(Stats().evictions, 2U);
}

TEST_F(EvictionTest, CapacityPerShardEvictsAtNPlusOne) {
  Make({.shards = 1, .capacity_per_shard = 3});
  for (const char* key : {"a", "b", "c"}) Put(key, "v");
  EXPECT_EQ(Stats().evictions, 0U);
  Put("a", "w");
  EXPECT_EQ(Stats().evictions, 0U);
  Put("d", "v");
  EXPECT_EQ(Stats().evictions, 1U);
  EXPECT_EQ(Left(), "acd");
}

TEST_F(EvictionTest, CapacityIsEachShardsOwn) {
  Make({.shards = 4, .capacity_per_shard = 10});
  for (int i = 0; i < 1000; ++i) Put("key" + std::to_string(i), "v");
  EXPECT_EQ(Stats().entries, 40U);
  EXPECT_EQ(Stats().evictions, 960U);
}

// With more shards than are compared, empty ones among those picked do not stop an eviction.
TEST_F(EvictionTest, FindsTheOnlyEntryAmongManyShards) {
  Make({.max_memory_bytes = 1, .shards = 64, .hash_seed = 7, .charge = unit_charge()});
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(Put("key" + std::to_string(i), "v"), PutOutcome::inserted);
    EXPECT_EQ(Stats().entries, 1U);
  }
}

// However few entries there are a shard: of hundreds, and of one for every second shard.
TEST_F(EvictionTest, AFewEntriesGoInTheOrderOfTheirUse) {
  for (const std::size_t entries : {2U, 32U, 200U}) {
    Make({.max_memory_bytes = entries, .shards = 64, .hash_seed = 7, .charge = unit_charge()});
    std::list<std::string> in_order;  // of use, the oldest first
    std::mt19937 random(1);
    for (int i = 0; i < 5000; ++i) {
      if (in_order.size() == entries) {
        auto used = std::next(in_order.begin(), static_cast<std::ptrdiff_t>(random() % entries));
        ASSERT_TRUE(Get(*used)) << "of " << entries << " after " << i;
        in_order.splice(in_order.end(), in_order, used);
        in_order.pop_front();
      }
      in_order.push_back("key" + std::to_string(i));
      ASSERT_EQ(Put(in_order.back(), "v"), PutOutcome::inserted);
    }
    for (const std::string& key : in_order) EXPECT_TRUE(Get(key)) << "of " << entries;
  }
}

TEST_F(EvictionTest, ManyEntriesMayGoForOne) {
  Make({.max_memory_bytes = std::size_t{4} << 20, .shards = 8});
  for (int i = 0; i < 100'000; ++i) Put("key" + std::to_string(i), "v");
  const std::string large = patterned(std::size_t{3} << 20, 1);
  EXPECT_EQ(Put("large", large), PutOutcome::inserted);
  EXPECT_EQ(Get("large"), large);
  EXPECT_GT(Stats().entries, 1U);
}

}  // namespace
}  // namespace cubby::test
