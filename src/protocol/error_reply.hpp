// The reply to a request that is refused.

#pragma once

#include "protocol/error.hpp"
#include "protocol/limits.hpp"
#include "protocol/operation.hpp"
#include "protocol/reply.hpp"

namespace cubby::protocol {

// With the status of `error`: a problem (RFC 9457) where the operation is of /v1, otherwise
// {"status":"ERROR","message":...}. An unknown path is told which paths there are, a wrong method
// gets the Allow field of the operation's path, a compressed body Accept-Encoding, and what may do
// better later Retry-After.
void send_error(Reply& reply, Error error, const Operation& operation, const Limits& limits);

}  // namespace cubby::protocol
