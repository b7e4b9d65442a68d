// What a peer is told about an error.

#pragma once

#include <string>

#include "protocol/error.hpp"
#include "protocol/limits.hpp"

namespace cubby::protocol {

// Appends the error's message; that of an unknown path names all there are. Needs no JSON escaping.
void append_detail(std::string& output, Error error, const Limits& limits);

// Appends the members of a problem (RFC 9457, section 3.1), without braces around them:
// "type":"urn:cubby:error:key-not-found","title":"Key not found","status":404,"detail":"..."
void append_problem_members(std::string& output, Error error, const Limits& limits);

}  // namespace cubby::protocol
