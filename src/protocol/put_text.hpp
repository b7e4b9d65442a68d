// Writing into memory that is there already.

#pragma once

#include <string_view>

namespace cubby::protocol {

// Ends a line of a head (RFC 9112, section 2.1).
inline constexpr std::string_view kLineEnd = "\r\n";

// Copies `text` to `out`, which has room for it, and returns where it ends.
inline char* put_text(char* out, std::string_view text) noexcept {
  return out + text.copy(out, text.size());
}

}  // namespace cubby::protocol
