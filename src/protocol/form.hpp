// Form decoding (application/x-www-form-urlencoded): %XX is a byte, '+' is a space.

#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include <cubby/cache.hpp>

#include "protocol/error.hpp"
#include "protocol/uri.hpp"

namespace cubby::protocol {

// Room for a decoded key.
using KeyBuffer = std::array<char, kMaxKeyBytes>;

// Decodes `text`, which has no bad escape. Returns a view of it when there is nothing to decode, or
// else of `buffer`; nothing when that is too small.
std::optional<std::string_view> decode_form(std::string_view text, std::span<char> buffer) noexcept;

// Likewise, but a plus sign is itself, as in a path.
std::optional<std::string_view> decode_segment(std::string_view text,
                                               std::span<char> buffer) noexcept;

// A parameter as it was sent.
struct FormParameter {
  std::string_view name;
  std::string_view value;  // empty as well when there is no equals sign
};

// Takes the first parameter, which may be empty, off a query that is not.
FormParameter take_parameter(std::string_view& query) noexcept;

// Whether the name, decoded, is this one, of at most 16 characters. It must have no bad escape.
bool is_named(const FormParameter& parameter, std::string_view name) noexcept;

// Finds the one parameter called `key` in the query and decodes its value. `key` becomes a view
// into the query when there is nothing to decode, otherwise into `buffer`. Parameters
// of other names are ignored, but bad escapes are refused wherever they are.
//
// Errors: bad_escape, key_missing, key_repeated, key_too_long (more than kMaxKeyBytes).
Error find_key(const Target& target, KeyBuffer& buffer, std::string_view& key) noexcept;

}  // namespace cubby::protocol
