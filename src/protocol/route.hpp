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
#include "protocol/uri.hpp"

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
  const Route* route = nullptr;  // what is to run; set when there is no error
  std::string_view path = {};    // the route's, "*" for the server as a whole; empty when unknown
  std::string_view key = {};     // into the query or the buffer that were given

  bool takes_body() const noexcept {
    return error == Error::none && route->argument == Argument::body;
  }
};

// Looks the path up and decodes the arguments. The path is compared as it was sent, except that
// what need not be percent-encoded may be. OPTIONS has every known path, and "*".
//
// Errors: unknown_method, bad_escape, unknown_path, wrong_method, and those of find_key() and
// check_key().
Operation find_operation(Method method, const Target& target, const Limits& limits,
                         KeyBuffer& buffer) noexcept;

// "GET, HEAD, OPTIONS": the methods that the path has, for the Allow field; those of all paths
// together for "*".
std::string allowed_methods(std::string_view path);

// "POST /put, GET /get?key=..., ...": every route, for people.
std::string describe_routes();

}  // namespace cubby::protocol
