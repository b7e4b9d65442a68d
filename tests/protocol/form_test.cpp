#include "protocol/form.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace cubby::protocol {
namespace {

using namespace std::string_literals;

// A query that is known to be plain must be read like any other.
Error find(std::string_view query, KeyBuffer& buffer, std::string_view& key) {
  const Error error = find_key({.query = query}, buffer, key);
  if (query.find_first_of("%+&") == std::string_view::npos) {
    std::string_view other;
    EXPECT_EQ(find_key({.query = query, .is_plain = true}, buffer, other), error) << query;
    EXPECT_EQ(error == Error::none ? key : other, other) << query;
  }
  return error;
}

TEST(FormTest, FindsAndDecodesTheKey) {
  const struct {
    std::string query;
    std::string key;
  } cases[] = {
      {"key=a", "a"},
      {"key=", ""},
      {"key", ""},
      {"a=1&key=b&c", "b"},
      {"&&key=b&&", "b"},
      {"key=a=b", "a=b"},
      {"key=a+b%2Bc", "a b+c"},
      {"key=%41%4a%4A%00", "AJJ\0"s},
      {"k%65y=a", "a"},
      {"%6b%65%79=a", "a"},
      {"ke+y=1&key=a", "a"},
      {"keyy=1&key=a", "a"},
      {"key==", "="},
      {"Key=1&key=a", "a"},
      {"key%00=1&key=a", "a"},
      {"key=\xC3\xA9", "\xC3\xA9"},
      {"key=a?b", "a?b"},
      {"key=a;key=b", "a;key=b"},
  };
  for (const auto& [query, expected] : cases) {
    KeyBuffer buffer;
    std::string_view key;
    EXPECT_EQ(find(query, buffer, key), Error::none) << query;
    EXPECT_EQ(key, expected) << query;
  }
}

TEST(FormTest, RefusesWhatIsWrong) {
  const struct {
    std::string query;
    Error error;
  } cases[] = {
      {"", Error::key_missing},           {"&", Error::key_missing},
      {"=a", Error::key_missing},         {"kez=a", Error::key_missing},
      {"ke", Error::key_missing},         {"keyy", Error::key_missing},
      {"keyy=a", Error::key_missing},     {"key=a&key=b", Error::key_repeated},
      {"key&key", Error::key_repeated},   {"key=a&%6bey=b", Error::key_repeated},
      {"key=%", Error::bad_escape},       {"key=%1", Error::bad_escape},
      {"key=%1&x=2", Error::bad_escape},  {"key=%g1", Error::bad_escape},
      {"key=%1g", Error::bad_escape},     {"key=%%20", Error::bad_escape},
      {"key=%-1", Error::bad_escape},     {"%zz=1&key=a", Error::bad_escape},
      {"key=a&x=%zz", Error::bad_escape},
  };
  for (const auto& [query, error] : cases) {
    KeyBuffer buffer;
    std::string_view key;
    EXPECT_EQ(find(query, buffer, key), error) << query;
  }
}

TEST(FormTest, HasRoomForTheLongestKey) {
  const auto find_long = [](const std::string& first, std::size_t length) {
    KeyBuffer buffer;
    std::string_view key;
    return find("key=" + first + std::string(length - 1, 'x'), buffer, key);
  };
  for (const std::string first : {"a", "%41"}) {
    EXPECT_EQ(find_long(first, kMaxKeyBytes), Error::none) << first;
    EXPECT_EQ(find_long(first, kMaxKeyBytes + 1), Error::key_too_long) << first;
  }
}

using Decode = std::optional<std::string_view> (*)(std::string_view, std::span<char>) noexcept;

std::optional<std::string> decoded(Decode decode, std::string_view text, std::size_t room = 64) {
  std::string buffer(room, '?');
  const auto result = decode(text, buffer);
  return result ? std::optional<std::string>(*result) : std::nullopt;
}

TEST(FormTest, APlusSignIsASpaceInAFormAlone) {
  const struct {
    std::string text;
    std::string form;
    std::string segment;
  } cases[] = {
      {"", "", ""},
      {"a", "a", "a"},
      {"a+b", "a b", "a+b"},
      {"a%2Bb", "a+b", "a+b"},
      {"%20+%2f", "  /", " +/"},
      {"%00%ff%Fe", "\0\xFF\xFE"s, "\0\xFF\xFE"s},
      {"%25%32%35", "%25", "%25"},
      {"%2541", "%41", "%41"},
      {"\xC3\xA9", "\xC3\xA9", "\xC3\xA9"},
  };
  for (const auto& [text, form, segment] : cases) {
    EXPECT_EQ(decoded(decode_form, text), form) << text;
    EXPECT_EQ(decoded(decode_segment, text), segment) << text;
  }
}

TEST(FormTest, WhatIsDecodedMustFit) {
  for (const Decode decode : {decode_form, decode_segment}) {
    EXPECT_EQ(decoded(decode, "%41bc", 3), "Abc");
    EXPECT_EQ(decoded(decode, "%41bc", 2), std::nullopt);
    EXPECT_EQ(decoded(decode, "ab%43", 2), std::nullopt);
    // Nothing is written where there is nothing to decode.
    EXPECT_EQ(decoded(decode, "abc", 0), "abc");
    const std::string text = "abc";
    EXPECT_EQ(decode(text, {})->data(), text.data());
  }
  EXPECT_EQ(decoded(decode_segment, "a+b", 0), "a+b");
  EXPECT_EQ(decoded(decode_form, "a+b", 2), std::nullopt);
}

TEST(FormTest, TakesParametersOneByOne) {
  const struct {
    std::string query;
    std::string name;
    std::string value;
    std::string rest;
  } cases[] = {
      {"a=b", "a", "b", ""},      {"a=b&c=d", "a", "b", "c=d"},
      {"a", "a", "", ""},         {"a&b", "a", "", "b"},
      {"a=", "a", "", ""},        {"=b&c", "", "b", "c"},
      {"&a=b", "", "", "a=b"},    {"=", "", "", ""},
      {"a=b=c&", "a", "b=c", ""}, {"%26=%3D", "%26", "%3D", ""},
  };
  for (const auto& [query, name, value, rest] : cases) {
    std::string_view left = query;
    const FormParameter parameter = take_parameter(left);
    EXPECT_EQ(parameter.name, name) << query;
    EXPECT_EQ(parameter.value, value) << query;
    EXPECT_EQ(left, rest) << query;
  }
}

TEST(FormTest, NamesAreComparedDecoded) {
  EXPECT_TRUE(is_named({.name = "ttl", .value = {}}, "ttl"));
  EXPECT_TRUE(is_named({.name = "%74t%6c", .value = {}}, "ttl"));
  EXPECT_TRUE(is_named({.name = "a+b", .value = {}}, "a b"));
  EXPECT_FALSE(is_named({.name = "TTL", .value = {}}, "ttl"));
  EXPECT_FALSE(is_named({.name = "tt", .value = {}}, "ttl"));
  EXPECT_FALSE(is_named({.name = "ttl%00", .value = {}}, "ttl"));
  EXPECT_FALSE(is_named({.name = "", .value = {}}, "ttl"));
  EXPECT_TRUE(is_named({.name = "%61bcdefghijklmnop", .value = {}}, "abcdefghijklmnop"));
  EXPECT_FALSE(is_named({.name = "%61bcdefghijklmnopq", .value = {}}, "abcdefghijklmnop"));
}

}  // namespace
}  // namespace cubby::protocol
