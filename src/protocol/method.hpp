// Request methods (RFC 9110, section 9, and RFC 5789).

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cubby::protocol {

enum class Method : std::uint8_t {
  unknown,
  get,
  head,
  post,
  put,
  delete_,
  options,
  patch,
  trace,
  connect,
};

inline constexpr std::size_t kMethodCount = static_cast<std::size_t>(Method::connect) + 1;

// The token on the wire; empty for Method::unknown.
constexpr std::string_view name_of(Method method) noexcept {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::delete_:
      return "DELETE";
    case Method::options:
      return "OPTIONS";
    case Method::patch:
      return "PATCH";
    case Method::trace:
      return "TRACE";
    case Method::connect:
      return "CONNECT";
    case Method::unknown:
      break;
  }
  return {};
}

}  // namespace cubby::protocol
