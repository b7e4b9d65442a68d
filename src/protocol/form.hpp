// Form decoding (application/x-www-form-urlencoded): %XX is a byte, '+' is a space.

#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include <cubby/cache.hpp>

#include "protocol/error.hpp"
#include "protocol/uri.hpp"

namespace cubby::protocol {

// Room for a decoded key.
using KeyBuffer = std::array<char, kMaxKeyBytes>;

// Finds the one parameter called `key` in the query and decodes its value. `key` becomes a view
// into the query when there is nothing to decode, otherwise into `buffer`. Parameters
// of other names are ignored, but bad escapes are refused wherever they are.
//
// Errors: bad_escape, key_missing, key_repeated, key_too_long (more than kMaxKeyBytes).
Error find_key(const Target& target, KeyBuffer& buffer, std::string_view& key) noexcept;

}  // namespace cubby::protocol
