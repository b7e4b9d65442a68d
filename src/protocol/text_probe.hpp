// What /get must know of a value: whether it is text, and what it takes in a JSON string.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/utf8.hpp"

namespace cubby::protocol {

// Looks at a value that comes in pieces of any size.
class TextProbe {
 public:
  void take(std::string_view piece) noexcept;

  // Of all that has been taken: it is UTF-8.
  bool is_text() const noexcept { return !broken_ && utf8_.is_whole(); }

  // How many bytes append_escaped() would add. Means something only for text.
  std::uint64_t escape_bytes() const noexcept { return escape_bytes_; }

 private:
  Utf8Checker utf8_;
  bool broken_ = false;
  std::uint64_t escape_bytes_ = 0;
};

}  // namespace cubby::protocol
