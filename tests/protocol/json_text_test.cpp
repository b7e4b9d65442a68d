#include "protocol/json_text.hpp"

#include <string>

#include <gtest/gtest.h>

namespace cubby::protocol {
namespace {

TEST(JsonTextTest, StopsAtTheFirstByteThatIsNotAsciiText) {
  for (std::size_t size = 1; size <= 41; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (unsigned byte = 0; byte < 256; ++byte) {
        std::string text(size, 'x');
        text[at] = static_cast<char>(byte);
        const bool stops = byte < 0x20 || byte == '"' || byte == '\\' || byte >= 0x80;
        ASSERT_EQ(ascii_text_size(text), stops ? at : size) << byte << " at " << at;
        ASSERT_EQ(portable_ascii_text_size(text), stops ? at : size) << byte << " at " << at;
      }
    }
  }
}

TEST(JsonTextTest, StopsAtTheFirstOfSeveral) {
  for (const std::string first : {"\"", "\\", "\x1f", "\x80", "\xff"}) {
    for (const std::string second : {"\"", "\\", "\x1f", " ", "!", "#", "]", "\x80"}) {
      for (std::size_t at = 0; at < 20; ++at) {
        const std::string text = std::string(at, 'x') + first + second + std::string(20, 'x');
        ASSERT_EQ(ascii_text_size(text), at);
        ASSERT_EQ(portable_ascii_text_size(text), at);
      }
    }
  }
}

TEST(JsonTextTest, GoesOnWithinACharacter) {
  const std::string text = "0123456789abcdef €é🦊x\"";
  const std::size_t end = text.size() - 1;
  for (std::size_t cut = 0; cut <= end; ++cut) {
    Utf8Checker checker;
    EXPECT_EQ(text_size(text.substr(0, cut), checker), cut);
    EXPECT_EQ(text_size(text.substr(cut), checker), end - cut);
    EXPECT_TRUE(checker.is_whole());
  }
}

TEST(JsonTextTest, SaysWhetherItEndsWithinACharacter) {
  for (const std::string bad : {"\"", "x", "\xC3", "\xFF", ""}) {
    Utf8Checker checker;
    EXPECT_EQ(text_size("abc\xE2\x82" + bad, checker), 5U);
    EXPECT_FALSE(checker.is_whole());
  }
  Utf8Checker checker;
  EXPECT_EQ(text_size("abc\xFF", checker), 3U);
  EXPECT_TRUE(checker.is_whole());
}

}  // namespace
}  // namespace cubby::protocol
