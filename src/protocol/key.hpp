// What a key may be.

#pragma once

#include <string_view>

#include "protocol/error.hpp"
#include "protocol/limits.hpp"

namespace cubby::protocol {

// Errors: key_empty, key_not_utf8, key_too_long (in code points by `limits`, or over the cache's
// kMaxKeyBytes).
Error check_key(std::string_view key, const Limits& limits) noexcept;

// The same of a key that is known to be ASCII, whose bytes need not be looked at.
Error check_ascii_key(std::string_view key, const Limits& limits) noexcept;

}  // namespace cubby::protocol
