// Reads the JSON that most clients send to /put.

#pragma once

#include <optional>
#include <string_view>

#include "protocol/limits.hpp"

namespace cubby::protocol {

// What a body says. The views are into it, and neither text needs escaping.
struct PlainPut {
  std::string_view key;
  std::string_view value;
};

// Reads a body that has arrived whole and has two members, "key" and "value", which are strings
// without escapes and within the limits. Nothing where there is anything else in it, or anything
// wrong: what to make of that is for PutReader, with which this always agrees.
std::optional<PlainPut> read_plain_put(std::string_view body, const Limits& limits) noexcept;

}  // namespace cubby::protocol
