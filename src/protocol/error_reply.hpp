// The reply to a request that is refused.

#pragma once

#include <string_view>

#include "protocol/error.hpp"
#include "protocol/limits.hpp"
#include "protocol/reply.hpp"

namespace cubby::protocol {

// {"status":"ERROR","message":...} with the status of `error`; an unknown path is told which paths
// there are, a wrong method gets the Allow field of `path`, which is a route's, a compressed body
// Accept-Encoding, and what may do better later Retry-After.
void send_error(Reply& reply, Error error, std::string_view path, const Limits& limits);

}  // namespace cubby::protocol
