// The reply to a request that is refused.

#pragma once

#include "protocol/limits.hpp"
#include "protocol/reply.hpp"
#include "protocol/route.hpp"

namespace cubby::protocol {

// {"status":"ERROR","message":...} with the status of `operation.error`; an unknown path is told
// which paths there are, a wrong method gets Allow, a compressed body Accept-Encoding, and what may
// do better later Retry-After.
void send_error(Reply& reply, const Operation& operation, const Limits& limits);

}  // namespace cubby::protocol
