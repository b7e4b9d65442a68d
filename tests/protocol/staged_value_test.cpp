#include "protocol/staged_value.hpp"

#include <string>

#include <gtest/gtest.h>

#include "protocol/stored_entry.hpp"
#include "support/loopback.hpp"

namespace cubby::protocol {
namespace {

constexpr std::string_view kBefore = "<before>";
constexpr std::uint64_t kSeed = 7;

// Appends `value` in pieces of `size`.
void append_all(StagedValue& staged, std::string_view value, std::size_t size) {
  while (!value.empty()) {
    const std::string_view piece = value.substr(0, size);
    ASSERT_EQ(staged.append(piece), Error::none);
    value.remove_prefix(piece.size());
  }
}

// What put() stores of it.
std::string stored_of(Cache& cache, StagedValue& staged) {
  const auto outcome = staged.is_in_pages()
                           ? cache.put("k", staged.pages())
                           : cache.put("k", staged.text(), PutOptions{.before = kBefore});
  EXPECT_EQ(error_of(outcome), Error::none);
  return cache.get("k").value();
}

TEST(StagedValueTest, KeepsLittleInATextAndMoreInPages) {
  test::World world;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kCollectedBytes,
                                 kCollectedBytes + 1, kLargeValueBytes, 2 * kLargeValueBytes}) {
    const std::string value(size, 'v');
    for (const std::size_t piece : {std::size_t{1000}, kCollectedBytes, size + 1}) {
      StagedValue staged(world.cache, kBefore, kSeed);
      append_all(staged, value, piece);
      EXPECT_EQ(staged.is_in_pages(), size > kCollectedBytes) << size << " by " << piece;
      EXPECT_EQ(staged.tag(), entity_tag_of(kSeed, value)) << size << " by " << piece;
      EXPECT_EQ(staged.value_size(), size);
      if (staged.is_in_pages()) {
        EXPECT_GE(staged.staged_bytes(), size);
        EXPECT_GT(staged.memory_bytes(), 0U) << "the tag's";
        EXPECT_EQ(staged.memory_bytes(), EntityTagHasher::memory_bytes());
      } else {
        EXPECT_EQ(staged.staged_bytes(), 0U);
      }
      EXPECT_EQ(stored_of(world.cache, staged), std::string(kBefore) + value);
    }
  }
}

TEST(StagedValueTest, WhatGoesBeforeMayChange) {
  test::World world;
  for (const std::size_t size : {std::size_t{1}, kCollectedBytes + 1, 2 * kLargeValueBytes}) {
    std::string before = "<before>";
    StagedValue staged(world.cache, before, kSeed);
    append_all(staged, std::string(size, 'v'), 5000);
    before = "<BEFORE>";
    staged.before_has_changed();
    const auto outcome = staged.is_in_pages()
                             ? world.cache.put("k", staged.pages())
                             : world.cache.put("k", staged.text(), PutOptions{.before = before});
    EXPECT_EQ(error_of(outcome), Error::none);
    EXPECT_EQ(world.cache.get("k"), "<BEFORE>" + std::string(size, 'v'));
  }
}

TEST(StagedValueTest, IsOfThePieceThatIsTooMuch) {
  CacheOptions options = test::World::cache_options();
  options.max_memory_bytes = kMinMemoryBytes;
  Cache cache(options);
  StagedValue staged(cache, kBefore, kSeed);
  const std::string piece(100'000, 'v');
  Error error = Error::none;
  std::size_t taken = 0;
  while (error == Error::none && taken <= kMinMemoryBytes) {
    error = staged.append(piece);
    taken += piece.size();
  }
  EXPECT_EQ(error, Error::value_does_not_fit);
  EXPECT_EQ(staged.staged_bytes(), 0U);
  EXPECT_EQ(cache.stats().detached_bytes, 0U);
}

TEST(StagedValueTest, IsGivenBackWhenItIsNotStored) {
  test::World world;
  {
    StagedValue staged(world.cache, kBefore, kSeed);
    append_all(staged, std::string(kLargeValueBytes, 'v'), 5000);
    EXPECT_GE(world.cache.stats().detached_bytes, kLargeValueBytes);
  }
  EXPECT_EQ(world.cache.stats().detached_bytes, 0U);
}

}  // namespace
}  // namespace cubby::protocol
