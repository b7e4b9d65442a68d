// JSON string escaping (RFC 8259, section 7). Only what must be escaped is: the quote, the
// backslash and control characters below U+0020. UTF-8 passes through as it is.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cubby::protocol {

bool needs_escape(std::string_view text) noexcept;

// The letter of the two-character escape, or 0 when there is only the six-character one.
constexpr char short_escape(char c) noexcept {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

// How many bytes append_escaped() would append for one ASCII character, or for a text.
constexpr std::size_t escaped_size(char c) noexcept {
  if (short_escape(c) != 0) return 2;
  return c >= 0 && c < 0x20 ? 6 : 1;  // \u001f
}
std::size_t escaped_size(std::string_view text) noexcept;

// Appends `text`, escaped, without the quotes around it.
void append_escaped(std::string& output, std::string_view text);

}  // namespace cubby::protocol
