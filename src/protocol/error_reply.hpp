// The reply to a request that is refused.

#pragma once

#include "protocol/limits.hpp"
#include "protocol/reply.hpp"
#include "protocol/route.hpp"

namespace cubby::protocol {

// {"status":"ERROR","message":...} with the status of `operation.error`; an unknown path is told
// which paths there are, and a wrong method gets Allow.
void send_error(Reply& reply, const Operation& operation, const Limits& limits);

}  // namespace cubby::protocol
