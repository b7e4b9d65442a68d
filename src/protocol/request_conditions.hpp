// The conditions of a request.

#pragma once

#include "protocol/conditions.hpp"
#include "protocol/error.hpp"
#include "protocol/request.hpp"

namespace cubby::protocol {

bool has_conditions(const Request& request) noexcept;

// Errors: bad_etag.
Error read_conditions(const Request& request, Conditions& conditions);

// Rules on the conditions of a request for something that is always there and has no entity tag,
// such as the list of keys. Errors: bad_etag, precondition_failed.
Ruling rule_on_untagged(const Request& request);

}  // namespace cubby::protocol
