// What a request may be at most.

#pragma once

#include <cstddef>

namespace cubby::protocol {

// The largest batch where there is much memory.
inline constexpr std::size_t kMaxBatchBytes = std::size_t{16} << 20;

struct Limits {
  std::size_t max_key_length = 256;  // Unicode code points
  std::size_t max_value_bytes = std::size_t{1} << 20;
  std::size_t max_batch_bytes = kMaxBatchBytes;
  std::size_t max_target_bytes = 8192;   // the request target as sent; over it: 414
  std::size_t max_header_bytes = 16384;  // the whole head; over it: 431
  std::size_t max_header_fields = 100;   // over it: 431
  std::size_t max_json_depth = 32;       // nesting of the JSON in a request; over it: 400

  // The largest body that can still hold an acceptable request: JSON may spell any byte of a key or
  // a value with six (\u0000), and unknown members are allowed some room. Over it: 413, unread.
  std::size_t max_body_bytes() const noexcept {
    return 6 * (max_value_bytes + 4 * max_key_length) + 4096;
  }
};

}  // namespace cubby::protocol
