#include <stdexcept>

#include "core/cache_fixture.hpp"

namespace cubby::test {
namespace {

using std::chrono::milliseconds;

class CacheTest : public CacheFixture {};

TEST_F(CacheTest, FindsWhatWasPut) {
  Make();
  EXPECT_EQ(Get("a"), std::nullopt);
  EXPECT_EQ(Put("a", "1"), PutOutcome::inserted);
  EXPECT_EQ(Put("b", "2"), PutOutcome::inserted);
  EXPECT_EQ(Get("a"), "1");
  EXPECT_EQ(Get("b"), "2");
  EXPECT_EQ(Get("A"), std::nullopt);
}

TEST_F(CacheTest, ReplacesWithAnySize) {
  Make();
  EXPECT_EQ(Put("k", "first"), PutOutcome::inserted);
  unsigned seed = 0;
  for (const std::size_t size : std::initializer_list<std::size_t>{
           5, 6, 0, 100, 4071, 4072, 4073, 9000, 9001, 300'000, 10, 70'000}) {
    const std::string value = patterned(size, ++seed);
    EXPECT_EQ(Put("k", value), PutOutcome::replaced);
    EXPECT_EQ(Get("k"), value) << size;
    EXPECT_EQ(Stats().data_bytes, 1 + size);
  }
  EXPECT_EQ(Stats().entries, 1U);
}

TEST_F(CacheTest, ErasesOnce) {
  Make();
  Put("k", "v");
  EXPECT_TRUE(Erase("k"));
  EXPECT_FALSE(Erase("k"));
  EXPECT_EQ(Get("k"), std::nullopt);
  EXPECT_EQ(Stats().entries, 0U);
}

TEST_F(CacheTest, ClearRemovesAllAndRefunds) {
  Make();
  const std::size_t charged_when_empty = Stats().charged_bytes;
  for (int i = 0; i < 5000; ++i) Put("key" + std::to_string(i), patterned(100, 1));
  cache_->clear();
  EXPECT_EQ(Stats().entries, 0U);
  EXPECT_EQ(Stats().data_bytes, 0U);
  EXPECT_EQ(Get("key1"), std::nullopt);
  while (cache_->maintain()) {
  }
  EXPECT_EQ(Stats().charged_bytes, charged_when_empty);
}

TEST_F(CacheTest, KeysAreBytes) {
  Make();
  using namespace std::string_view_literals;
  for (const auto key :
       {"a\0b"sv, "a"sv, "a\0"sv, " a"sv, "\xff\xfe"sv, "\""sv, "\xf0\x9f\x98\x80"sv}) {
    EXPECT_EQ(Put(key, key), PutOutcome::inserted);
  }
  for (const auto key :
       {"a\0b"sv, "a"sv, "a\0"sv, " a"sv, "\xff\xfe"sv, "\""sv, "\xf0\x9f\x98\x80"sv}) {
    EXPECT_EQ(Get(key), key);
  }
}

TEST_F(CacheTest, KeySizeIsLimitedToTheByte) {
  Make();
  EXPECT_EQ(Put("", "v"), PutOutcome::too_large);
  EXPECT_EQ(Get(""), std::nullopt);
  const std::string longest(kMaxKeyBytes, 'k');
  EXPECT_EQ(Put(longest, "v"), PutOutcome::inserted);
  EXPECT_EQ(Get(longest), "v");
  const std::string longer = longest + 'k';
  EXPECT_EQ(Put(longer, "v"), PutOutcome::too_large);
  EXPECT_EQ(Get(longer), std::nullopt);
  EXPECT_FALSE(Erase(longer));
}

// Every place where a value's layout changes, with a short and with the longest key.
TEST_F(CacheTest, ValuesOfEverySizeComeBack) {
  Make({.max_memory_bytes = std::size_t{256} << 20});
  for (const std::size_t key_size : {std::size_t{1}, kMaxKeyBytes}) {
    const std::string key(key_size, 'k');
    for (const std::size_t around : std::initializer_list<std::size_t>{
             0, 32, 128, 2020, 2048, 4044, 4072, 6092, 8144, 8168, 12216, 1 << 20}) {
      for (std::size_t size = around > 40 ? around - 40 : 0; size < around + 40; ++size) {
        const std::string value = patterned(size, static_cast<unsigned>(size));
        ASSERT_NE(Put(key, value), PutOutcome::too_large);
        ASSERT_EQ(Get(key), value) << "key " << key_size << " value " << size;
      }
    }
  }
}

TEST_F(CacheTest, UserFlagsComeBackAndAreReplaced) {
  Make();
  for (std::uint8_t flags = 0; flags < (1U << kUserFlagBits); ++flags) {
    Put("k", "v", {.flags = flags});
    EXPECT_TRUE(cache_->get("k", [&](const ValueView& v) { EXPECT_EQ(v.flags(), flags); }));
  }
}

TEST_F(CacheTest, ViewShowsSizeAndCopies) {
  Make();
  for (const std::size_t size : std::initializer_list<std::size_t>{0, 10, 5000, 50'000}) {
    const std::string value = patterned(size, 3);
    Put("k", value);
    std::string appended = "before ";
    std::string copied(size, 'x');
    EXPECT_TRUE(cache_->get("k", [&](const ValueView& v) {
      EXPECT_EQ(v.size(), size);
      v.append_to(appended);
      v.copy_to(copied.data());
    }));
    EXPECT_EQ(appended, "before " + value);
    EXPECT_EQ(copied, value);
  }
  EXPECT_FALSE(cache_->get("none", [](const ValueView&) { FAIL(); }));
}

TEST_F(CacheTest, AValueThatCanNeverFitIsRefusedAndTheOldOneStays) {
  Make({.max_memory_bytes = kMinMemoryBytes, .shards = 1});
  Put("other", "o");
  Put("k", "old");
  EXPECT_EQ(Put("k", std::string(kMinMemoryBytes, 'x')), PutOutcome::too_large);
  EXPECT_EQ(Get("k"), "old");
  EXPECT_EQ(Get("other"), "o");
  EXPECT_EQ(Put("new", std::string(kMinMemoryBytes, 'x')), PutOutcome::too_large);
  EXPECT_EQ(Get("new"), std::nullopt);
  EXPECT_EQ(Stats().evictions, 0U);
}

TEST_F(CacheTest, TheLargestChargeFitsAndOneMoreDoesNot) {
  Make({.max_memory_bytes = 10,
        .shards = 2,
        .charge = [](std::string_view, std::size_t value_bytes) { return value_bytes; }});
  EXPECT_EQ(Put("a", std::string(10, 'x')), PutOutcome::inserted);
  EXPECT_EQ(Put("b", std::string(11, 'x')), PutOutcome::too_large);
  EXPECT_EQ(Put("a", std::string(11, 'x')), PutOutcome::too_large);
  EXPECT_EQ(Get("a"), std::string(10, 'x'));
}

TEST_F(CacheTest, ExpiresOnTheMillisecond) {
  Make();
  Put("k", "v", {.ttl = milliseconds(1000)});
  clock_.advance(milliseconds(999));
  EXPECT_EQ(Get("k"), "v");
  clock_.advance(milliseconds(1));
  EXPECT_EQ(Get("k"), std::nullopt);
  EXPECT_EQ(Stats().entries, 0U);
  EXPECT_EQ(Stats().expirations, 1U);
  EXPECT_EQ(Stats().evictions, 0U);
}

TEST_F(CacheTest, ExpiredEntriesCannotBeErasedOrReplaced) {
  Make();
  Put("k", "v", {.ttl = milliseconds(1)});
  clock_.advance(milliseconds(1));
  EXPECT_FALSE(Erase("k"));
  Put("k", "v", {.ttl = milliseconds(1)});
  clock_.advance(milliseconds(1));
  EXPECT_EQ(Put("k", "v"), PutOutcome::inserted);
}

TEST_F(CacheTest, OverwritingWithoutTtlClearsIt) {
  Make();
  Put("k", "v", {.ttl = milliseconds(10)});
  EXPECT_EQ(Put("k", "w"), PutOutcome::replaced);
  clock_.advance(milliseconds(1'000'000));
  EXPECT_EQ(Get("k"), "w");
}

TEST_F(CacheTest, TheLongestTtlDoesNotWrap) {
  Make();
  Put("k", "v", {.ttl = std::chrono::years(10)});
  Put("far", "v", {.ttl = milliseconds::max()});
  clock_.advance(std::chrono::years(10) - milliseconds(1));
  EXPECT_EQ(Get("k"), "v");
  EXPECT_EQ(Get("far"), "v");
  clock_.advance(milliseconds(1));
  EXPECT_EQ(Get("k"), std::nullopt);
}

TEST_F(CacheTest, CountsWhatHappens) {
  Make();
  Put("a", "1");
  Put("a", "22");
  Put("b", "1");
  Get("a");
  Get("none");
  const CacheStats stats = Stats();
  EXPECT_EQ(stats.inserts, 2U);
  EXPECT_EQ(stats.replacements, 1U);
  EXPECT_EQ(stats.hits, 1U);
  EXPECT_EQ(stats.misses, 1U);
  EXPECT_EQ(stats.entries, 2U);
  EXPECT_EQ(stats.data_bytes, 5U);
}

// What is asked for, and what the refusal must say.
struct BadOptions {
  CacheOptions options;
  std::vector<const char*> named;
};

TEST(CacheOptionsTest, BadOptionsAreRefusedWithEveryProblemNamed) {
  const BadOptions cases[] = {
      {{.shards = 0}, {"shards"}},
      {{.shards = 3}, {"shards"}},
      {{.shards = 2 * kMaxShards}, {"shards"}},
      {{.max_memory_bytes = kMinMemoryBytes - 1, .shards = 1}, {"at least"}},
      {{.max_memory_bytes = kMaxMemoryBytes + 1}, {"at most"}},
      {{.max_memory_bytes = kMinMemoryBytes, .shards = 256}, {"so many shards"}},
      {{.clock = nullptr}, {"clock"}},
      {{.max_memory_bytes = 0, .shards = 7, .clock = nullptr}, {"shards", "at least", "clock"}},
  };
  for (const auto& [options, named] : cases) {
    try {
      const Cache cache(options);
      ADD_FAILURE() << "accepted, expected a problem with " << named.front();
    } catch (const std::invalid_argument& refused) {
      for (const char* word : named) {
        EXPECT_NE(std::string_view(refused.what()).find(word), std::string_view::npos) << word;
      }
    }
  }
}

TEST(CacheOptionsTest, TheSmallestAndLargestAreAccepted) {
  for (const CacheOptions& options :
       {CacheOptions{.max_memory_bytes = kMinMemoryBytes, .shards = 1},
        CacheOptions{.max_memory_bytes = kMaxMemoryBytes, .shards = kMaxShards}}) {
    Cache cache(options);
    EXPECT_EQ(cache.put("k", "v"), PutOutcome::inserted);
    EXPECT_EQ(cache.get("k"), "v");
  }
}

}  // namespace
}  // namespace cubby::test
