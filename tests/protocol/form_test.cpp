#include "protocol/form.hpp"

#include <string>

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

}  // namespace
}  // namespace cubby::protocol
