// Which characters of a JSON text stand for themselves in a string (RFC 8259, section 7), any but
// the quote, the backslash and control characters below U+0020, and which are white space outside
// of one.

#pragma once

#include <cstddef>
#include <string_view>

#include "protocol/utf8.hpp"

namespace cubby::protocol {

// RFC 8259, section 2.
constexpr bool is_json_space(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// How many bytes at the beginning of `text` are ASCII and may stand as they are.
std::size_t ascii_text_size(std::string_view text) noexcept;

// The same without instructions of a particular processor: what the above is where it has none.
std::size_t portable_ascii_text_size(std::string_view text) noexcept;

// How many bytes at the beginning of `text`, which goes on from what `checker` has taken, may stand
// as they are. They may end within a character when `text` does or a byte that cannot come next
// follows; checker.is_whole() says whether they do.
std::size_t text_size(std::string_view text, Utf8Checker& checker) noexcept;

}  // namespace cubby::protocol
