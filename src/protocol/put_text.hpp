// Writing into memory that is there already.

#pragma once

#include <cstring>
#include <string_view>

namespace cubby::protocol {

// Copies `text` to `out`, which has room for it, and returns where it ends.
inline char* put_text(char* out, std::string_view text) noexcept {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

}  // namespace cubby::protocol
