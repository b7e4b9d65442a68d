// What a string costs, and how to have it back.

#pragma once

#include <cstddef>
#include <string>

namespace cubby::protocol {

// The heap memory that `text` has, in bytes: none when it is short enough to lie in the object.
inline std::size_t heap_bytes(const std::string& text) noexcept {
  static const std::size_t kInObject = std::string().capacity();
  return text.capacity() > kInObject ? text.capacity() + 1 : 0;
}

// Empties `text` and gives its memory back.
inline void give_back(std::string& text) noexcept { std::string().swap(text); }

}  // namespace cubby::protocol
