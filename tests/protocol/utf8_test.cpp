#include "protocol/utf8.hpp"

#include <string>

#include <gtest/gtest.h>

namespace cubby::protocol {
namespace {

using namespace std::string_literals;

TEST(Utf8Test, CountsCodePoints) {
  const struct {
    std::string text;
    std::size_t count;
  } cases[] = {
      {"", 0},
      {"a", 1},
      {"\0"s, 1},
      {"12345678", 8},
      {"123456789", 9},
      {"\x7f", 1},
      {"\xC2\x80", 1},          // U+0080
      {"\xDF\xBF", 1},          // U+07FF
      {"\xE0\xA0\x80", 1},      // U+0800
      {"\xED\x9F\xBF", 1},      // U+D7FF
      {"\xEE\x80\x80", 1},      // U+E000
      {"\xEF\xBF\xBF", 1},      // U+FFFF
      {"\xF0\x90\x80\x80", 1},  // U+10000
      {"\xF4\x8F\xBF\xBF", 1},  // U+10FFFF
      {"1234567é", 8},
      {"12345678é🦊", 10},
  };
  for (const auto& [text, count] : cases) EXPECT_EQ(count_code_points(text), count) << text;
}

TEST(Utf8Test, RefusesWhatIsNotUtf8) {
  const std::string cases[] = {
      "\x80",              // continuation alone
      "\xBF",              //
      "\xC0\x80",          // overlong NUL
      "\xC1\xBF",          // overlong U+007F
      "\xC2",              // cut
      "\xC2\x41",          // no continuation
      "\xC2\xC2",          //
      "\xE0\x9F\xBF",      // overlong U+07FF
      "\xE2\x82",          // cut
      "\xE2\x82\x41",      //
      "\xED\xA0\x80",      // U+D800
      "\xED\xBF\xBF",      // U+DFFF
      "\xF0\x8F\xBF\xBF",  // overlong U+FFFF
      "\xF0\x9F\xA6",      // cut
      "\xF4\x90\x80\x80",  // U+110000
      "\xF5\x80\x80\x80",  //
      "\xFE",              //
      "\xFF",              //
  };
  for (const std::string& text : cases) {
    EXPECT_FALSE(count_code_points(text));
    EXPECT_FALSE(count_code_points("12345678" + text)) << "after eight";
    EXPECT_FALSE(count_code_points(text + "1")) << "before one";
  }
}

TEST(Utf8Test, ChecksACharacterInPieces) {
  for (const std::string& text :
       {"\xC2\x80"s, "€"s, "\xED\x9F\xBF"s, "🦊"s, "\xF4\x8F\xBF\xBF"s}) {
    Utf8Checker checker;
    for (std::size_t at = 0; at < text.size(); ++at) {
      EXPECT_TRUE(at == 0 || !checker.is_whole());
      EXPECT_EQ(checker.take(text.substr(at, 1)), 1U);
    }
    EXPECT_TRUE(checker.is_whole());
    EXPECT_EQ(checker.take(text + text + "x" + text), 2 * text.size());
  }
}

TEST(Utf8Test, EveryCharacterIsWrittenAsItIsRead) {
  char buffer[kMaxUtf8Bytes];
  for (std::uint32_t code_point = 0x80; code_point <= 0x10FFFF; ++code_point) {
    if (code_point == 0xD800) code_point = 0xE000;
    const std::string text(buffer, encode_utf8(code_point, buffer));
    ASSERT_EQ(text.size(), code_point < 0x800 ? 2U : code_point < 0x10000 ? 3U : 4U);
    Utf8Checker checker;
    ASSERT_EQ(checker.take(text), text.size()) << code_point;
    ASSERT_TRUE(checker.is_whole()) << code_point;
    std::uint32_t read = static_cast<unsigned char>(text[0]) & (0xFFU >> (text.size() + 1));
    for (const char c : text.substr(1)) read = read << 6 | (static_cast<unsigned char>(c) & 0x3FU);
    ASSERT_EQ(read, code_point);
  }
  EXPECT_EQ(encode_utf8('x', buffer), 1U);
  EXPECT_EQ(buffer[0], 'x');
}

}  // namespace
}  // namespace cubby::protocol
