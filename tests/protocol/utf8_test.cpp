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

}  // namespace
}  // namespace cubby::protocol
