#include "protocol/entity_tag.hpp"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <random>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "protocol/metadata.hpp"

namespace cubby::protocol {
namespace {

std::string text_of(EntityTag tag) {
  std::string text(kEntityTagBytes, ' ');
  EXPECT_EQ(put_entity_tag(text.data(), tag), text.data() + text.size());
  return text;
}

std::string tag_of(std::string_view type, std::string_view encoding, std::string_view value) {
  return text_of(entity_tag_of(entity_tag_seed(type, encoding), value));
}

TEST(EntityTagTest, IsWrittenAsSixteenDigitsInQuotes) {
  EXPECT_EQ(text_of({0}), "\"0000000000000000\"");
  EXPECT_EQ(text_of({0x0123456789abcdef}), "\"0123456789abcdef\"");
  EXPECT_EQ(text_of({~0ULL}), "\"ffffffffffffffff\"");
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t value = random();
    std::array<char, 32> expected;
    std::snprintf(expected.data(), expected.size(), "\"%016" PRIx64 "\"", value);
    EXPECT_EQ(text_of({value}), expected.data());
  }
}

// What a client has noted must hold after a restart, of a later version too.
TEST(EntityTagTest, NeverChanges) {
  const struct {
    const char* type;
    const char* encoding;
    std::string value;
    const char* tag;
  } cases[] = {
      // Calculated with nothing but xxHash 0.8: the seed is the hash of the type, seeded with 0, or
      // that of the encoding, seeded with that of the type.
      {"text/plain; charset=utf-8", "", "", "\"b2d37a3ec21340f2\""},
      {"text/plain; charset=utf-8", "", "hello", "\"6a587333f0841e26\""},
      {"application/octet-stream", "", "hello", "\"d3274b728f12c710\""},
      {"text/plain; charset=utf-8", "gzip", "hello", "\"dc24b705976ea09f\""},
      {"image/png", "", std::string(300'000, 'x'), "\"5c1d83b21115ca6a\""},
  };
  for (const auto& [type, encoding, value, tag] : cases) {
    EXPECT_EQ(tag_of(type, encoding, value), tag) << type << " " << encoding;
  }
}

TEST(EntityTagTest, DependsOnValueTypeAndEncoding) {
  const std::string tag = tag_of("a", "b", "c");
  EXPECT_NE(tag_of("a", "b", "d"), tag);
  EXPECT_NE(tag_of("d", "b", "c"), tag);
  EXPECT_NE(tag_of("a", "d", "c"), tag);
  EXPECT_NE(tag_of("a", "", "c"), tag);
  EXPECT_NE(tag_of("ab", "", "c"), tag);
  EXPECT_NE(tag_of("b", "a", "c"), tag);
}

TEST(EntityTagTest, PiecesAreLikeTheWhole) {
  std::mt19937 random(1);
  for (const std::size_t size : {0U, 1U, 16U, 240U, 241U, 1024U, 4096U, 100'000U}) {
    std::string value(size, ' ');
    for (char& c : value) c = static_cast<char>(random());
    const std::uint64_t seed = random();
    for (const std::size_t most : {std::size_t{1}, std::size_t{7}, std::size_t{1000}, size + 1}) {
      EntityTagHasher hasher(seed);
      std::string_view rest = value;
      while (!rest.empty()) {
        const std::size_t piece = std::min(rest.size(), 1 + random() % most);
        hasher.take(rest.substr(0, piece));
        rest.remove_prefix(piece);
        if (size > 1024) continue;
        const std::string_view taken(value.data(), value.size() - rest.size());
        ASSERT_EQ(hasher.tag(), entity_tag_of(seed, taken));
      }
      EntityTagHasher moved = std::move(hasher);
      EXPECT_EQ(moved.tag(), entity_tag_of(seed, value)) << size << " in pieces of " << most;
    }
  }
}

}  // namespace
}  // namespace cubby::protocol
