// Which operation a request asks for.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/form.hpp"
#include "protocol/limits.hpp"
#include "protocol/method.hpp"
#include "protocol/service.hpp"

namespace cubby::protocol {

// What an operation needs from its request.
enum class Argument : std::uint8_t { nothing, key_in_query, body };

struct Route {
  Method method;  // GET stands for HEAD too
  std::string_view path;
  Argument argument;
  Service service;
};

// An operation with its arguments, or what is wrong with the request.
struct Operation {
  Error error = Error::none;
  const Route* route = nullptr;  // set when the path is known
  std::string_view key = {};     // into the query or the buffer that were given
};

// Looks the path up and decodes the arguments. `path` is compared as it was sent.
//
// Errors: unknown_method, unknown_path, wrong_method, and those of find_key() and check_key().
Operation find_operation(Method method, std::string_view path, std::string_view query,
                         const Limits& limits, KeyBuffer& buffer) noexcept;

// "GET, HEAD": the methods that the route's path has, for the Allow field.
std::string allowed_methods(const Route& route);

// "POST /put, GET /get?key=..., ...": every route, for people.
std::string describe_routes();

}  // namespace cubby::protocol
