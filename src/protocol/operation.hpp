// What a request asks for, as far as its head says.

#pragma once

#include <string_view>

#include "protocol/error.hpp"
#include "protocol/parameters.hpp"

namespace cubby::protocol {

struct Route;

// An operation with its arguments, or what is wrong with the request.
struct Operation {
  Error error = Error::none;
  const Route* route = nullptr;  // what is to run; set when there is no error
  std::string_view path = {};    // the route's, "*" for the server as a whole; empty when unknown
  bool is_v1 = false;            // the path begins with /v1, whether it is known or not
  std::string_view key = {};     // into the target or the buffer that was given
  Parameters parameters;         // likewise
};

}  // namespace cubby::protocol
