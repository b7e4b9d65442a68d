#include "protocol/metadata.hpp"

#include <chrono>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace cubby::protocol {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::size_t kShortest = 6;

// What is read back from what is stored, with other bytes behind it. Returns what it takes.
std::size_t check_round_trip(std::string_view type, std::string_view encoding,
                             sys_seconds stored_at, std::optional<EntityTag> tag = {}) {
  StoredMetadata stored({type, encoding, stored_at});
  if (tag) {
    stored.set_tag(EntityTag{5});
    stored.set_tag(*tag);
  }
  EXPECT_EQ(stored.has_tag(), tag.has_value());
  EXPECT_LE(stored.bytes().size(), StoredMetadata::kMaxBytes);
  const std::string bytes = std::string(stored.bytes()) + "and the value";
  const ReadMetadata read = read_metadata(bytes);
  EXPECT_EQ(read.size, stored.bytes().size());
  EXPECT_EQ(read.metadata.content_type, type);
  EXPECT_EQ(read.metadata.content_encoding, encoding);
  EXPECT_EQ(read.metadata.stored_at, stored_at);
  EXPECT_EQ(read.tag, tag);
  return read.size;
}

TEST(MetadataTest, CommonOnesTakeSixBytes) {
  for (const char* type :
       {"application/octet-stream", "text/plain; charset=utf-8", "text/plain", "application/json",
        "application/json; charset=utf-8", "application/x-www-form-urlencoded", "text/html",
        "text/html; charset=utf-8", "text/plain;charset=UTF-8", "image/png", "image/jpeg",
        "application/xml"}) {
    for (const char* encoding : {"", "gzip", "br", "deflate", "zstd"}) {
      EXPECT_EQ(check_round_trip(type, encoding, sys_seconds(seconds(784111777))), kShortest)
          << type << " " << encoding;
    }
  }
}

// They are kept as they were sent, so what differs in case is another.
TEST(MetadataTest, OthersAreKeptAsTheyAre) {
  const sys_seconds now{seconds(1)};
  EXPECT_EQ(check_round_trip("Text/Plain", "", now), kShortest + 11);
  EXPECT_EQ(check_round_trip("text/plain", "GZIP", now), kShortest + 5);
  EXPECT_EQ(check_round_trip("a/b", "c, d", now), kShortest + 4 + 5);
  EXPECT_EQ(check_round_trip("", "", now), kShortest + 1);
  const std::string longest(kMaxMetadataText, 'x');
  EXPECT_EQ(check_round_trip(longest, longest, now), StoredMetadata::kMaxBytes - 8);
}

TEST(MetadataTest, ATagTakesEightBytes) {
  const sys_seconds now{seconds(1)};
  const std::string longest(kMaxMetadataText, 'x');
  for (const EntityTag tag : {EntityTag{0}, EntityTag{1}, EntityTag{~std::uint64_t{0}}}) {
    EXPECT_EQ(check_round_trip("image/png", "", now, tag), kShortest + 8);
    EXPECT_EQ(check_round_trip("image/png", "zstd", now, tag), kShortest + 8);
    EXPECT_EQ(check_round_trip("a/b", "", now, tag), kShortest + 4 + 8);
    EXPECT_EQ(check_round_trip("a/b", "c", now, tag), kShortest + 4 + 2 + 8);
    EXPECT_EQ(check_round_trip(longest, longest, now, tag), StoredMetadata::kMaxBytes);
  }
}

TEST(MetadataTest, AnyBytesComeBack) {
  std::mt19937 random(1);
  const auto draw = [&random](std::size_t size) {
    std::string text(size, ' ');
    for (char& c : text) c = static_cast<char>(random());
    return text;
  };
  for (std::size_t size = 0; size <= kMaxMetadataText; ++size) {
    check_round_trip(draw(size), draw(kMaxMetadataText - size), sys_seconds(seconds(random())));
  }
}

TEST(MetadataTest, KnowsTheTimeUntil2106) {
  for (const auto at : {0LL, 0x7FFFFFFFLL, 0x80000000LL, 0xFFFFFFFFLL}) {
    check_round_trip("text/plain", "", sys_seconds(seconds(at)));
  }
}

TEST(MetadataTest, WithoutAnyItIsText) {
  const Metadata none;
  EXPECT_EQ(none.content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(none.content_encoding, "");
  EXPECT_EQ(none.stored_at, std::nullopt);
}

}  // namespace
}  // namespace cubby::protocol
