// Writing into memory that is there already.

#pragma once

#include <string_view>

namespace cubby::protocol {

// Copies `text` to `out`, which has room for it, and returns where it ends.
inline char* put_text(char* out, std::string_view text) noexcept {
  return out + text.copy(out, text.size());
}

}  // namespace cubby::protocol
