#include "protocol/front.hpp"

#include <optional>
#include <string>
#include <vector>

#include "protocol/keys_fixture.hpp"
#include "protocol/staged_value.hpp"

namespace cubby::protocol {
namespace {

using test::Asked;
using test::kBytes;
using test::kText;

// What is in front of a value with common metadata, but for its tag.
constexpr std::size_t kShortest = 6;

EntityTag tag_of_bytes(std::string_view value) {
  return entity_tag_of(entity_tag_seed(kBytes, {}), value);
}

class FrontTest : public test::KeysTest {
 protected:
  struct InCache {
    std::optional<EntityTag> tag;  // that need not be made
    std::size_t size = 0;          // with what is in front of the value
    std::size_t front_bytes = 0;
  };

  InCache look(const std::string& key = "k") {
    InCache found;
    EXPECT_TRUE(world_.cache.get(key, [&found](const ValueView& value) {
      const StoredEntry entry(value);
      found = {entry.known_tag(), value.size(), entry.front_bytes};
    }));
    return found;
  }

  void empty() {
    world_.cache.clear();
    while (world_.cache.maintain()) {
    }
  }

  // Stores a value with a tag that nobody would make.
  void store_strange(const std::string& value) {
    Front front(world_.context, Metadata{.content_type = kBytes});
    front.make_room_for_tag("k", 1000);
    front.set_tag(kStrange);
    ASSERT_LE(world_.cache.put("k", value, {.flags = kHasMetadata, .before = front.bytes()}),
              PutOutcome::replaced);
    ASSERT_EQ(look().tag, kStrange);
  }

  static constexpr EntityTag kStrange{0x123456789ABCDEF0};
  static constexpr const char* kStrangeText = "\"123456789abcdef0\"";
};

TEST_F(FrontTest, ATagIsKeptWhereItTakesNoMemory) {
  int kept = 0;
  int tried = 0;
  for (const std::string& key : {std::string("k"), std::string(16, 'k'), std::string(200, 'k')}) {
    for (const std::size_t piece : {~std::size_t{0}, std::size_t{10'000}}) {
      for (std::size_t size = 1; size <= kLargeValueBytes; size += size / 20 + 1) {
        empty();
        const std::string value(size, 'v');
        ASSERT_EQ(ask({"PUT /v1/keys/" + key, "", value}, piece).status, 201);
        EXPECT_EQ(world_.cache.stats().entry_bytes, Cache::footprint(key.size(), kShortest + size));
        const InCache found = look(key);
        const bool is_kept = found.front_bytes != kShortest;
        EXPECT_EQ(found.front_bytes, is_kept ? kShortest + sizeof(EntityTag) : kShortest);
        EXPECT_EQ(found.size, found.front_bytes + size);
        if (size < 256 || size + found.front_bytes > kLargeValueBytes) {
          EXPECT_FALSE(is_kept) << size;
          continue;
        }
        ++tried;
        kept += is_kept ? 1 : 0;
        EXPECT_EQ(found.tag.value_or(tag_of_bytes(value)), tag_of_bytes(value)) << size;
      }
    }
  }
  EXPECT_GT(kept, tried * 9 / 10);
  EXPECT_LT(kept, tried) << "some sizes have no room";
}

// Whichever way it arrives, at the borders of slots, of chains and of what is in pages.
TEST_F(FrontTest, ATagIsNotKeptAtAnyCost) {
  constexpr std::size_t kTag = sizeof(EntityTag);
  const std::string type(kMaxMetadataText, 't');
  const struct {
    std::string fields;
    std::size_t front;
  } fronts[] = {
      {"", kShortest},
      {"Content-Type: " + type + "\r\nContent-Encoding: " + type + "\r\n",
       kShortest + 2 * (1 + kMaxMetadataText)},
  };
  for (const auto& [fields, front] : fronts) {
    for (const std::size_t at_least : {1000U, 9000U, 40'000U, 250'000U}) {
      std::size_t size = at_least;
      const auto steps_at = [&front = front](std::size_t value) {
        return Cache::footprint(1, front + value) != Cache::footprint(1, front + value + 1);
      };
      while (!steps_at(size) && front + size < kLargeValueBytes) ++size;
      for (std::size_t less = 0; less < 2 * kTag; ++less) {
        for (const std::size_t piece : {~std::size_t{0}, std::size_t{10'000}}) {
          empty();
          const std::string value(size - less, 'v');
          ASSERT_EQ(ask({"PUT /v1/keys/k", fields, value}, piece).status, 201);
          const InCache found = look();
          EXPECT_EQ(found.front_bytes, front + (less >= kTag ? kTag : 0)) << size << "-" << less;
          EXPECT_EQ(world_.cache.stats().entry_bytes, Cache::footprint(1, front + value.size()));
          EXPECT_TRUE(ask("GET /v1/keys/k").body == value);
        }
      }
    }
  }
}

// The notes of a large value have its tag already.
TEST_F(FrontTest, ALargeValueHasItsTagInItsNotes) {
  for (std::size_t size = kLargeValueBytes - 20; size < kLargeValueBytes + 20; ++size) {
    for (const std::size_t piece : {~std::size_t{0}, std::size_t{10'000}}) {
      const std::string value(size, 'v');
      ASSERT_LT(ask({"PUT /v1/keys/k", "", value}, piece).status, 300);
      const InCache found = look();
      const bool is_large = found.size > kLargeValueBytes;
      EXPECT_EQ(is_large, size + kShortest > kLargeValueBytes) << "and not for its tag";
      EXPECT_TRUE(!is_large || found.front_bytes == kShortest);
      EXPECT_EQ(found.tag.value_or(tag_of_bytes(value)), tag_of_bytes(value));
      EXPECT_EQ(ask("HEAD /v1/keys/k").field("ETag"), test::tag_of(value, kBytes));
    }
  }
}

// How large a value is that comes chunked is known too late, unless it is collected first.
TEST_F(FrontTest, WhatComesChunked) {
  for (const std::size_t size : {1000U, 40'000U}) {
    const std::string value(size, 'v');
    const std::string bytes = test::chunked_bytes_of({"PUT /v1/keys/k", "", value}, 700);
    ASSERT_LT(exchange(bytes, false, true, 5000).status, 300);
    EXPECT_EQ(look().tag.has_value(), size < kCollectedBytes);
    EXPECT_EQ(ask("HEAD /v1/keys/k").field("ETag"), test::tag_of(value, kBytes));
  }
}

TEST_F(FrontTest, AKeptTagIsNotMadeAgain) {
  for (const std::size_t size : {0U, 300U, 5000U, 100'000U, 300'000U}) {
    store_strange(std::string(size, 'v'));
    EXPECT_EQ(ask("GET /v1/keys/k").field("ETag"), kStrangeText);
    const std::string match = std::string("Match: ") + kStrangeText + "\r\n";
    EXPECT_EQ(ask({"GET /v1/keys/k", "If-None-" + match}).status, 304);
    const test::ReceivedReply batch = ask({"POST /v1/batch", "", R"([{"op":"get","key":"k"}])"});
    EXPECT_NE(batch.body.find("123456789abcdef0"), std::string::npos);
    EXPECT_EQ(ask({"POST /v1/keys/k/touch?ttl=9", "If-" + match}).status, 204);
    EXPECT_EQ(ask("GET /v1/keys/k?ttl=99").field("ETag"), kStrangeText);
  }
}

// Whatever makes another value makes another tag, or leaves none.
TEST_F(FrontTest, AKeptTagGoesWithItsValue) {
  const std::string old(1000, '1');
  const std::string other(1000, '2');
  const std::string bytes = "Content-Type: " + std::string(kBytes) + "\r\n";
  const struct {
    Asked asked;
    std::string value;
    std::string_view type = kBytes;
  } cases[] = {
      {{"POST /v1/keys/k/append", "", "w"}, old + "w"},
      {{"POST /v1/keys/k/prepend", "", "w"}, "w" + old},
      {{"POST /v1/keys/k/append", "", std::string(5000, 'w')}, old + std::string(5000, 'w')},
      {{"POST /v1/keys/k/append", "", std::string(300'000, 'w')}, old + std::string(300'000, 'w')},
      {{"PUT /v1/keys/k", "", other}, other},
      {{"PUT /v1/keys/k", bytes + "If-Match: *\r\n", other}, other},
      {{"PUT /v1/keys/k", "", std::string(100'000, 'w')}, std::string(100'000, 'w')},
      {{"PUT /v1/keys/k", "If-Match: *\r\n", std::string(100'000, 'w')}, std::string(100'000, 'w')},
      {{"PUT /v1/keys/k", "Content-Type: text/html\r\n", old}, old, "text/html"},
      {{"POST /put", "", test::put_body("k", other)}, other, kText},
      {{"POST /v1/batch", "", R"([{"op":"put","key":"k","value":")" + other + R"("}])"},
       other,
       kText},
  };
  for (const auto& [asked, value, type] : cases) {
    for (const std::size_t piece : {~std::size_t{0}, std::size_t{10'000}}) {
      store_strange(old);
      ASSERT_LT(ask(asked, piece).status, 300) << asked.line;
      const EntityTag tag = entity_tag_of(entity_tag_seed(type, {}), value);
      EXPECT_EQ(look().tag.value_or(tag), tag) << asked.line;
      EXPECT_EQ(ask("HEAD /v1/keys/k").field("ETag"), test::tag_of(value, type)) << asked.line;
    }
  }
  store_strange("41");
  EXPECT_EQ(ask("POST /v1/keys/k/incr").field("ETag"), test::tag_of("42", kBytes));
  EXPECT_EQ(look().tag, std::nullopt);
}

}  // namespace
}  // namespace cubby::protocol
