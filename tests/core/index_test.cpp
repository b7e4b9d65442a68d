#include "core/index.hpp"

#include <algorithm>
#include <fstream>
#include <new>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/entry_store.hpp"

namespace cubby::test {
namespace {

class IndexTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kSeed = 42;
  // The last region of a table may be almost two.
  static constexpr std::size_t kTwoRegions =
      std::size_t{3} * ChunkTable::kRegionChunks * ChunkTable::kChunkBytes;

  void TearDown() override { EXPECT_TRUE(index_.consistent()); }

  Ref Add(const std::string& key) {
    const Ref ref = store_.create(key, empty_, SlotMeta().with_owner(1));
    Leftover leftover;
    index_.reserve(Hash(key), leftover);
    index_.insert(Hash(key), ref);
    return ref;
  }
  Ref Find(const std::string& key) { return index_.find(Hash(key), key).ref; }
  bool InOld(const std::string& key) {
    const Index::Position at = index_.find(Hash(key), key);
    return at && at.in_old;
  }
  void Erase(const std::string& key) {
    const Index::Position at = index_.find(Hash(key), key);
    ASSERT_TRUE(at);
    index_.erase(Hash(key), at);
    EXPECT_FALSE(store_.destroy(at.ref));
  }
  bool Continue() {
    Leftover leftover;
    return index_.continue_resize(leftover);
  }
  void Remove(const std::string& key) {
    Erase(key);
    Continue();
  }
  // Ends what resize there is.
  void Settle() {
    while (Continue()) {
    }
  }
  void AddMany(int begin, int end) {
    for (int i = begin; i < end; ++i) Add(std::to_string(i));
  }
  void ExpectFound(int begin, int end) {
    for (int i = begin; i < end; ++i) ASSERT_NE(Find(std::to_string(i)), 0U) << i;
  }
  static KeyHash Hash(const std::string& key) { return KeyHash::of(key, kSeed); }

  // Keys of which `wanted` holds for the hash.
  template <class Wanted>
  static std::vector<std::string> KeysWhere(std::size_t count, Wanted wanted) {
    std::vector<std::string> keys;
    for (int i = 0; keys.size() < count; ++i) {
      std::string key = "key" + std::to_string(i);
      if (wanted(Hash(key))) keys.push_back(std::move(key));
    }
    return keys;
  }

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

// Random insertions and removals, in waves that make the table grow and shrink many times.
TEST_F(IndexTest, AgreesWithAMap) {
  std::mt19937 random(1);
  std::unordered_map<std::string, Ref> expected;
  int in_old = 0;
  for (int step = 0; step < 200'000; ++step) {
    const std::string key = std::to_string(random() % 20'000);
    const bool add = random() % 10 < (step / 20'000 % 2 == 0 ? 9U : 1U);
    const auto found = expected.find(key);
    if (add && found == expected.end()) {
      expected[key] = Add(key);
    } else if (!add && found != expected.end()) {
      expected.erase(found);
      Remove(key);
    } else if (add) {
      const Index::Position at = index_.find(Hash(key), key);
      ASSERT_EQ(at.ref, found->second);
      const Ref copy = store_.create(key, empty_, SlotMeta().with_owner(1));
      index_.replace(at, copy);
      EXPECT_FALSE(store_.destroy(std::exchange(found->second, copy)));
    } else {
      ASSERT_EQ(Find(key), 0U);
    }
    if (step % 500 != 0) continue;
    ASSERT_TRUE(index_.consistent()) << step;
    ASSERT_EQ(index_.size(), expected.size());
    for (const auto& [each, ref] : expected) {
      const Index::Position at = index_.find(Hash(each), each);
      ASSERT_EQ(at.ref, ref) << each;
      in_old += at.in_old;
    }
  }
  EXPECT_GT(in_old, 0);
}

TEST_F(IndexTest, CostsAtMostEightBytesAnEntryOnceItHasGrown) {
  for (int i = 0; i < 50'000; ++i) {
    Add(std::to_string(i));
    if (i > 10'000 && i % 100 == 0) {
      Settle();
      ASSERT_LE(index_.memory_bytes(), std::size_t{8} * static_cast<unsigned>(i));
    }
  }
}

// While there are two tables, too: at most what the larger one takes, and two regions.
TEST_F(IndexTest, TakesLittleMoreWhileItIsResized) {
  AddMany(0, 60'000);
  Settle();
  const std::size_t before = index_.memory_bytes();
  std::size_t most = 0;
  int added = 60'000;
  while (index_.memory_bytes() == before) Add(std::to_string(added++));
  while (Continue()) most = std::max(most, index_.memory_bytes());
  EXPECT_LE(most, index_.memory_bytes() + kTwoRegions);

  const std::size_t grown = index_.memory_bytes();
  most = 0;
  for (int i = 0; i < added; ++i) {
    Remove(std::to_string(i));
    most = std::max(most, index_.memory_bytes());
  }
  EXPECT_LE(most, grown + kTwoRegions);
}

// Counts work, not time: an entry that has moved is one that was in the old table before.
TEST_F(IndexTest, NoOperationMovesManyEntries) {
  constexpr int kEntries = 10'000;
  std::vector<std::string> old;  // the keys that are in the old table
  int resizes = 0;
  std::size_t moved_in_all = 0;
  const auto check = [&](int begin, int end) {
    const auto still =
        std::remove_if(old.begin(), old.end(), [&](const std::string& key) { return !InOld(key); });
    const auto moved = static_cast<std::size_t>(old.end() - still);
    old.erase(still, old.end());
    moved_in_all += moved;
    ASSERT_LE(moved, Index::kMostMovedAtOnce + 1);  // and the one that was erased
    if (!old.empty()) return;
    for (int i = begin; i < end; ++i) {
      if (InOld(std::to_string(i))) old.push_back(std::to_string(i));
    }
    resizes += !old.empty();
  };
  for (int i = 0; i < kEntries; ++i) {
    Add(std::to_string(i));
    ASSERT_NO_FATAL_FAILURE(check(i % 50 == 0 ? 0 : i, i + 1));
  }
  const int growths = resizes;
  EXPECT_GT(growths, 5);
  EXPECT_GT(moved_in_all, 10'000U);
  for (int i = 0; i < kEntries; ++i) {
    Remove(std::to_string(i));
    ASSERT_NO_FATAL_FAILURE(check(i % 50 == 0 ? i + 1 : kEntries, kEntries));
  }
  EXPECT_GT(resizes, growths + 1);
}

TEST_F(IndexTest, GivesMemoryBack) {
  const std::size_t smallest = index_.memory_bytes();
  AddMany(0, 50'000);
  for (int i = 0; i < 50'000; ++i) Remove(std::to_string(i));
  EXPECT_EQ(index_.memory_bytes(), smallest);
}

TEST_F(IndexTest, GivesMemoryBackToWhatIsLeft) {
  AddMany(0, 50'000);
  for (int i = 0; i < 45'000; ++i) Remove(std::to_string(i));
  Settle();
  EXPECT_LE(index_.memory_bytes(), std::size_t{5'000} * 19);
  ExpectFound(45'000, 50'000);
}

// Chunks without entries are work too.
TEST_F(IndexTest, AnEmptyTableIsGivenUpPieceByPiece) {
  const std::size_t smallest = index_.memory_bytes();
  AddMany(0, 20'000);
  for (int i = 0; i < 20'000; ++i) Erase(std::to_string(i));
  for (bool more = true; more;) {
    const std::size_t bytes = index_.memory_bytes();
    more = Continue();
    ASSERT_LE(bytes, index_.memory_bytes() + kTwoRegions);
  }
  EXPECT_EQ(index_.memory_bytes(), smallest);
}

// Neither grows nor shrinks for a number of entries that goes up and down by a quarter.
TEST_F(IndexTest, DoesNotSwingBetweenTwoSizes) {
  AddMany(0, 8'000);
  for (int i = 2'000; i < 8'000; ++i) Remove(std::to_string(i));
  Settle();
  const std::size_t bytes = index_.memory_bytes();
  for (int round = 0; round < 5; ++round) {
    AddMany(2'000, 2'500);
    for (int i = 2'000; i < 2'500; ++i) Remove(std::to_string(i));
    ASSERT_EQ(index_.memory_bytes(), bytes);
  }
}

// Chunks that overflow into their neighbours, at the fullest that the table gets, and erasing
// there.
TEST_F(IndexTest, KeysOfOneChunkSpillOverAndComeBack) {
  const std::vector<std::string> keys =
      KeysWhere(60, [](KeyHash hash) { return hash.below(64) == 63; });
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

// Two chunks hold 24 entries. With one more of the same home and tag in a part of the table that is
// not being moved yet, the resize cannot take its time.
TEST_F(IndexTest, AFullPlaceInTheOldTableIsMovedAtOnce) {
  AddMany(0, 6'500);
  Settle();
  const auto chunks = static_cast<std::uint32_t>(index_.memory_bytes() / ChunkTable::kChunkBytes);
  ASSERT_GE(chunks, 2 * ChunkTable::kRegionChunks);
  const std::vector<std::string> keys = KeysWhere(
      30, [&](KeyHash hash) { return hash.below(chunks) == chunks - 1 && hash.tag() == 77; });
  int added = 6'500;
  while (!InOld(std::to_string(added - 1))) Add(std::to_string(added++));
  for (std::size_t i = 0; i < 20; ++i) Add(keys[i]);
  ASSERT_TRUE(InOld(keys[0]));
  for (std::size_t i = 20; i < keys.size(); ++i) Add(keys[i]);
  // The first ones are where they were, in a region whose turn has come.
  EXPECT_TRUE(InOld(keys.front()));
  EXPECT_FALSE(InOld(keys.back()));
  for (const std::string& key : keys) EXPECT_NE(Find(key), 0U);
  ExpectFound(0, added);
}

class CrowdedIndexTest : public IndexTest {
 protected:
  // More keys of the same home and tag than the smallest tables have places for, alone in a large
  // table.
  void SetUp() override {
    AddMany(0, 20'000);
    for (const std::string& key : keys_) Add(key);
    Settle();
    for (int i = 0; i < 20'000; ++i) Erase(std::to_string(i));
  }
  void ExpectAll() {
    for (const std::string& key : keys_) EXPECT_NE(Find(key), 0U);
    EXPECT_EQ(index_.size(), keys_.size());
    EXPECT_TRUE(index_.consistent());
  }

  const std::vector<std::string> keys_ =
      KeysWhere(60, [](KeyHash hash) { return hash.below(64) == 7 && hash.tag() == 77; });
};

TEST_F(CrowdedIndexTest, ATableThatProvesTooSmallIsReplaced) {
  int calls = 0;
  while (Continue()) ASSERT_LT(++calls, 1000);
  EXPECT_GT(index_.memory_bytes(), Index::kLeastBytes);
  EXPECT_LE(index_.memory_bytes(), 16 * Index::kLeastBytes);
  ExpectAll();
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

// As long as it lives, the system has no more memory to map.
class NoMoreMappings {
 public:
  NoMoreMappings() {
    ::getrlimit(RLIMIT_AS, &before_);
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlimit now{pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)), before_.rlim_max};
    ::setrlimit(RLIMIT_AS, &now);
  }
  ~NoMoreMappings() { ::setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_;
};

TEST_F(CrowdedIndexTest, WithoutMemoryForAnotherTableItStaysAsItIs) {
  Continue();
  const Ref ref = store_.create("new", empty_, SlotMeta().with_owner(1));
  const std::size_t bytes = index_.memory_bytes();
  bool more = true;
  bool refused = false;
  {
    const NoMoreMappings no_more;
    for (int i = 0; i < 1000 && more; ++i) more = Continue();
    try {
      Leftover leftover;
      index_.reserve(Hash(keys_[0]), leftover);
    } catch (const std::bad_alloc&) {
      refused = true;
    }
  }
  EXPECT_FALSE(more);
  EXPECT_TRUE(refused);
  EXPECT_LE(index_.memory_bytes(), bytes);
  EXPECT_FALSE(store_.destroy(ref));
  ExpectAll();
  Settle();
  ExpectAll();
}

TEST_F(IndexTest, WithoutMemoryItNeitherGrowsNorShrinks) {
  AddMany(0, 5'000);
  Settle();
  const std::size_t bytes = index_.memory_bytes();
  int added = 5'000;
  bool refused = false;
  {
    const NoMoreMappings no_more;
    try {
      for (; added < 50'000; ++added) Add(std::to_string(added));
    } catch (const std::bad_alloc&) {
      refused = true;
    }
  }
  EXPECT_TRUE(refused);
  EXPECT_EQ(index_.memory_bytes(), bytes);
  EXPECT_EQ(index_.size(), static_cast<std::size_t>(added));
  ExpectFound(0, added);

  for (int i = 100; i < added; ++i) Erase(std::to_string(i));
  bool more = true;
  {
    const NoMoreMappings no_more;
    more = Continue();
  }
  EXPECT_FALSE(more);
  EXPECT_EQ(index_.memory_bytes(), bytes);
  ExpectFound(0, 100);
  Settle();
  EXPECT_LT(index_.memory_bytes(), bytes);
  ExpectFound(0, 100);
}

#endif

}  // namespace
}  // namespace cubby::test
