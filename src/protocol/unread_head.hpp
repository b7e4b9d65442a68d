// What can be said of a request whose head has not arrived whole, or is refused.

#pragma once

#include <string_view>

#include "protocol/limits.hpp"
#include "protocol/request.hpp"

namespace cubby::protocol {

// Fills in what the reply to a request depends on, as far as `text`, which begins with it, shows
// that: whether it is to HEAD, whether it is of /v1, and from which origin the request comes, if
// that stands before the first line that is none of a head's. What the text does not show stays as
// it is. The views of the request are into the text.
void read_unread_head(std::string_view text, const Limits& limits, Request& request) noexcept;

}  // namespace cubby::protocol
