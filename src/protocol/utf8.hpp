// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.

#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace cubby::protocol {

// How many code points `text` has, or nothing when it is not UTF-8.
std::optional<std::size_t> count_code_points(std::string_view text) noexcept;

}  // namespace cubby::protocol
