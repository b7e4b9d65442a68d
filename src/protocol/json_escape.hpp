// JSON string escaping (RFC 8259, section 7). Only what must be escaped is: the quote, the
// backslash and control characters below U+0020. UTF-8 passes through as it is.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cubby::protocol {

bool needs_escape(std::string_view text) noexcept;

// How many bytes append_escaped() would append.
std::size_t escaped_size(std::string_view text) noexcept;

// Appends `text`, escaped, without the quotes around it.
void append_escaped(std::string& output, std::string_view text);

}  // namespace cubby::protocol
