#include "protocol/stored_entry.hpp"

#include <string>

#include <gtest/gtest.h>

#include "support/loopback.hpp"

namespace cubby::protocol {
namespace {

TEST(StoredEntryTest, FlagsSayWhatGetMustKnow) {
  const struct {
    const char* value;
    bool has_metadata;
    bool is_encoded;
    int flags;
  } cases[] = {
      {"text", false, false, 0},
      {"text", true, false, kHasMetadata},
      {"a\nb", false, false, kValueNeedsEscape},
      {"a\nb", true, false, kHasMetadata | kValueNeedsEscape},
      {"\xFF", true, false, kHasMetadata | kValueNotText},
      {"\xFF\n", true, false, kHasMetadata | kValueNotText},
      {"text", true, true, kHasMetadata | kValueNotText},
      {"a\nb", true, true, kHasMetadata | kValueNotText},
  };
  for (const auto& [value, has_metadata, is_encoded, flags] : cases) {
    TextProbe probe;
    probe.take(value);
    EXPECT_EQ(flags_of(probe, has_metadata, is_encoded), flags) << value;
  }
  static_assert((kValueNeedsEscape | kHasMetadata | kValueNotText) < 1 << kUserFlagBits);
}

TEST(StoredEntryTest, IsTakenApart) {
  test::World world;
  const std::string type(kMaxMetadataText, 't');
  const StoredMetadata front({type, "br", test::kTestTime});
  for (const std::size_t size : {0U, 1U, 500U, 5000U, 300'000U}) {
    const std::string value(size, 'v');
    const EntityTag tag = entity_tag_of(entity_tag_seed(type, "br"), value);
    world.cache.put("k", value,
                    {.flags = kHasMetadata, .notes = make_notes(1, tag), .before = front.bytes()});
    EXPECT_TRUE(world.cache.get("k", [&](const ValueView& view) {
      const StoredEntry entry(view);
      EXPECT_EQ(entry.metadata.content_type, type);
      EXPECT_EQ(entry.metadata.content_encoding, "br");
      EXPECT_EQ(entry.metadata.stored_at, test::kTestTime);
      EXPECT_EQ(entry.front_bytes, front.bytes().size());
      EXPECT_EQ(entry.tag(), tag) << size;
      std::string rest;
      entry.value.append_to(rest);
      EXPECT_EQ(rest, value);
    }));
  }
}

TEST(StoredEntryTest, MayHaveNothingInFront) {
  test::World world;
  for (const std::size_t size : {0U, 3U, 5000U, 300'000U}) {
    const std::string value(size, 'v');
    const EntityTag tag = entity_tag_of(entity_tag_seed(kPlainTextType, {}), value);
    world.cache.put("k", value, {.notes = make_notes(1, tag)});
    EXPECT_TRUE(world.cache.get("k", [&](const ValueView& view) {
      const StoredEntry entry(view);
      EXPECT_EQ(entry.front_bytes, 0U);
      EXPECT_EQ(entry.metadata.content_type, kPlainTextType);
      EXPECT_EQ(entry.metadata.stored_at, std::nullopt);
      EXPECT_EQ(entry.value.size(), size);
      EXPECT_EQ(entry.tag(), tag) << size;
    }));
  }
}

}  // namespace
}  // namespace cubby::protocol
