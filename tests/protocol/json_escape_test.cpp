#include "protocol/json_escape.hpp"

#include <string>

#include <gtest/gtest.h>

namespace cubby::protocol {
namespace {

using namespace std::string_literals;

std::string escape(const std::string& text) {
  std::string output = ">";
  append_escaped(output, text);
  EXPECT_EQ(escaped_size(text), output.size() - 1);
  EXPECT_EQ(needs_escape(text), output != ">" + text);
  return output.substr(1);
}

TEST(JsonEscapeTest, EscapesOnlyWhatMustBe) {
  const struct {
    std::string text;
    std::string escaped;
  } cases[] = {
      {"", ""},
      {"plain text/with 'quotes'", "plain text/with 'quotes'"},
      {"\"", R"(\")"},
      {"\\", R"(\\)"},
      {"\b\f\n\r\t", R"(\b\f\n\r\t)"},
      {"\0\x01\x1f"s, R"(\u0000\u0001\u001f)"},
      {"\x20\x7f", "\x20\x7f"},
      {"é🦊\u2028", "é🦊\u2028"},
      {"a\"b\\c\nd", R"(a\"b\\c\nd)"},
  };
  for (const auto& [text, escaped] : cases) EXPECT_EQ(escape(text), escaped);
}

TEST(JsonEscapeTest, FindsSpecialsAtEveryPlace) {
  for (std::size_t size = 1; size <= 25; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (unsigned byte = 0; byte < 256; ++byte) {
        std::string text(size, 'x');
        text[at] = static_cast<char>(byte);
        const bool special = byte < 0x20 || byte == '"' || byte == '\\';
        ASSERT_EQ(needs_escape(text), special) << byte << " at " << at << " of " << size;
        ASSERT_EQ(escaped_size(text) > size, special);
      }
    }
  }
}

}  // namespace
}  // namespace cubby::protocol
