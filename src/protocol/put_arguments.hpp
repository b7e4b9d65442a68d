// The JSON that /put takes.

#pragma once

#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/limits.hpp"

namespace cubby::protocol {

struct PutArguments {
  std::string key;
  std::string value;
};

// Reads `body`, which must be exactly one JSON object (RFC 8259) in UTF-8 without a byte order
// mark, with one string member "key" and one string member "value"; others are ignored. Never
// throws for what is in the body. `arguments` are complete only when the result is Error::none.
//
// Errors: bad_json, json_not_object, json_too_deep, value_too_large, and those of keys and values.
Error parse_put_arguments(std::string_view body, const Limits& limits, PutArguments& arguments);

}  // namespace cubby::protocol
