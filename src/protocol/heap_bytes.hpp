// What a string costs, and how to have it back.

#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace cubby::protocol {

// The heap memory that `text` has, in bytes: none when it is short enough to lie in the object.
inline std::size_t heap_bytes(const std::string& text) noexcept {
  static const std::size_t kInObject = std::string().capacity();
  return text.capacity() > kInObject ? text.capacity() + 1 : 0;
}

// Appends to a text that may become large. It then grows by an eighth at a time, and not to twice
// what it was: what it takes at once, the cache has to evict at once.
inline void append_in_steps(std::string& text, std::string_view piece) {
  constexpr std::size_t kLeastStep = std::size_t{1} << 20;
  const std::size_t size = text.size() + piece.size();
  if (size > text.capacity() && size > kLeastStep) {
    std::string larger;
    larger.reserve(size + std::max(kLeastStep, size / 8));
    larger = text;
    text.swap(larger);
  }
  text += piece;
}

// Empties `text` and gives its memory back.
inline void give_back(std::string& text) noexcept { std::string().swap(text); }

}  // namespace cubby::protocol
