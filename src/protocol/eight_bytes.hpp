// Eight bytes looked at together, as one number of 64 bits whose lowest byte is the first.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cubby::protocol {

inline constexpr std::uint64_t kOnes = 0x0101010101010101;
inline constexpr std::uint64_t kHighBits = kOnes * 0x80;

inline std::uint64_t load_eight(const char* from) noexcept {
  std::uint64_t eight = 0;
  std::memcpy(&eight, from, sizeof eight);
  if constexpr (std::endian::native == std::endian::big) eight = __builtin_bswap64(eight);
  return eight;
}

// Each of the following marks bytes by their highest bits. The lowest mark is right, and there is
// none exactly when no byte is meant; a carry from it may mark bytes above it wrongly.

// The bytes below `limit`, which is at most 0x80.
constexpr std::uint64_t mark_below(std::uint64_t eight, std::uint64_t limit) noexcept {
  return (eight - kOnes * limit) & ~eight & kHighBits;
}

// What must be escaped in a JSON string: quotes, backslashes, control characters below U+0020.
constexpr std::uint64_t mark_special(std::uint64_t eight) noexcept {
  return mark_below(eight, 0x20) | mark_below(eight ^ (kOnes * '"'), 1) |
         mark_below(eight ^ (kOnes * '\\'), 1);
}

// What is not ASCII.
constexpr std::uint64_t mark_non_ascii(std::uint64_t eight) noexcept { return eight & kHighBits; }

// The place of the lowest mark; 8 when there is none.
constexpr std::size_t first_marked(std::uint64_t marks) noexcept {
  return static_cast<std::size_t>(std::countr_zero(marks)) / 8;
}

// How many of the eight, from the first, are ASCII and need no escape.
constexpr std::size_t ascii_text_size_of_eight(std::uint64_t eight) noexcept {
  return first_marked(mark_special(eight) | mark_non_ascii(eight));
}

}  // namespace cubby::protocol
