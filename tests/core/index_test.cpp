#include "core/index.hpp"

#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "core/entry_store.hpp"

namespace cubby::test {
namespace {

class IndexTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kSeed = 42;

  Ref Add(const std::string& key) {
    const Ref ref = store_.create(key, empty_, SlotMeta().with_owner(1));
    index_.reserve(Hash(key));
    index_.insert(Hash(key), ref);
    return ref;
  }
  Ref Find(const std::string& key) { return index_.find(Hash(key), key).ref; }
  void Remove(const std::string& key) {
    const Index::Position at = index_.find(Hash(key), key);
    ASSERT_TRUE(at);
    index_.erase(Hash(key), at);
    EXPECT_FALSE(store_.destroy(at.ref));
    index_.shrink();
  }
  static KeyHash Hash(const std::string& key) { return KeyHash::of(key, kSeed); }

  Arena arena_{std::size_t{64} << 20};
  Slab slab_{arena_};
  EntryStore store_{arena_, slab_};
  NewValue empty_;
  Index index_{arena_, kSeed};
};

TEST_F(IndexTest, FindsByKeyAndByRef) {
  const Ref a = Add("a");
  const Ref b = Add("b");
  EXPECT_EQ(Find("a"), a);
  EXPECT_EQ(Find("b"), b);
  EXPECT_EQ(Find("c"), 0U);
  EXPECT_TRUE(index_.find(Hash("a"), a));
  EXPECT_FALSE(index_.find(Hash("a"), b));
}

TEST_F(IndexTest, ReplacedRefsAreFound) {
  Add("a");
  const Ref copy = store_.create("a", empty_, SlotMeta().with_owner(1));
  index_.replace(index_.find(Hash("a"), "a"), copy);
  EXPECT_EQ(Find("a"), copy);
}

// Random insertions and removals, with growing and shrinking, against a map.
TEST_F(IndexTest, AgreesWithAMap) {
  std::mt19937 random(1);
  std::map<std::string, Ref> expected;
  for (int step = 0; step < 120'000; ++step) {
    const std::string key = std::to_string(random() % 20'000);
    // Mostly growing first, mostly shrinking then.
    const bool add = random() % 10 < (step < 60'000 ? 8U : 2U);
    const auto found = expected.find(key);
    if (add && found == expected.end()) {
      expected[key] = Add(key);
    } else if (!add && found != expected.end()) {
      expected.erase(found);
      Remove(key);
    }
  }
  EXPECT_EQ(index_.size(), expected.size());
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = std::to_string(i);
    const auto found = expected.find(key);
    ASSERT_EQ(Find(key), found == expected.end() ? 0 : found->second) << key;
  }
}

TEST_F(IndexTest, CostsAtMostEightBytesAnEntryOnceItHasGrown) {
  for (int i = 0; i < 50'000; ++i) {
    Add(std::to_string(i));
    if (i > 10'000) {
      ASSERT_LE(index_.memory_bytes(), std::size_t{8} * static_cast<unsigned>(i));
    }
  }
}

TEST_F(IndexTest, GivesMemoryBack) {
  const std::size_t smallest = index_.memory_bytes();
  for (int i = 0; i < 50'000; ++i) Add(std::to_string(i));
  for (int i = 0; i < 50'000; ++i) Remove(std::to_string(i));
  EXPECT_EQ(index_.memory_bytes(), smallest);
}

// Chunks that overflow into their neighbours, at the fullest that the table gets, and erasing
// there.
TEST_F(IndexTest, KeysOfOneChunkSpillOverAndComeBack) {
  std::vector<std::string> keys;
  for (int i = 0; keys.size() < 60; ++i) {
    std::string key = std::to_string(i);
    if (Hash(key).below(64) == 63) keys.push_back(std::move(key));
  }
  for (const std::string& key : keys) Add(key);
  for (std::size_t i = 0; i < keys.size(); i += 2) Remove(keys[i]);
  for (std::size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(Find(keys[i]) != 0, i % 2 == 1);
  EXPECT_EQ(Find("absent"), 0U);
}

// Churn at a constant size must not wear the table out: it neither grows, nor loses anything.
TEST_F(IndexTest, StaysAsItIsUnderChurn) {
  for (int i = 0; i < 660; ++i) Add(std::to_string(i));
  const std::size_t bytes = index_.memory_bytes();
  for (int i = 660; i < 100'000; ++i) {
    Remove(std::to_string(i - 660));
    Add(std::to_string(i));
    ASSERT_EQ(Find(std::to_string(i - 660)), 0U);
    ASSERT_NE(Find(std::to_string(i - 659)), 0U);
  }
  EXPECT_EQ(index_.memory_bytes(), bytes);
}

}  // namespace
}  // namespace cubby::test
