// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cubby::protocol {

// Checks text that arrives in pieces, which may end within a character.
class Utf8Checker {
 public:
  // Goes over the bytes at the beginning of `text` that are part of characters that are not ASCII,
  // and returns how many they are. It stops at an ASCII character, and at a byte that cannot come
  // next; is_whole() tells the two apart, except for a byte that cannot begin a character.
  std::size_t take(std::string_view text) noexcept;

  // What has been taken does not end within a character.
  bool is_whole() const noexcept { return state_ == 0; }

 private:
  std::uint8_t state_ = 0;
};

inline constexpr std::size_t kMaxUtf8Bytes = 4;  // of one character

// Writes the character to `out` and returns how many bytes it takes: 1 to kMaxUtf8Bytes.
std::size_t encode_utf8(std::uint32_t code_point, char* out) noexcept;

// How many code points `text` has, or nothing when it is not UTF-8.
std::optional<std::size_t> count_code_points(std::string_view text) noexcept;

}  // namespace cubby::protocol
