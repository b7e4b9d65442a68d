// Everything that can be wrong with a request, and what the peer is told about it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/limits.hpp"

namespace cubby::protocol {

enum class Error : std::uint8_t {
  none,

  // The head or the framing of the body is wrong: where the next request begins is not certain.
  bad_request_line,
  bad_version,
  bad_target,
  bad_field,
  folded_field,
  bad_host,
  bad_content_length,
  bad_transfer_encoding,
  bad_chunk,
  target_too_long,
  head_too_large,
  body_too_large,
  bad_expectation,
  incomplete,

  // The request is understood and refused.
  unknown_method,
  unknown_path,
  wrong_method,
  bad_escape,
  key_missing,
  key_repeated,
  key_empty,
  key_too_long,
  key_not_utf8,
  key_not_string,
  value_missing,
  value_repeated,
  value_not_string,
  value_too_large,
  value_does_not_fit,
  ttl_repeated,
  bad_ttl,
  bad_json,
  json_not_object,
  json_too_deep,
  key_not_found,
  no_room,
  request_timeout,
  too_many_connections,
  body_encoded,
  count_,
};

unsigned status_of(Error error) noexcept;

// Appends the message for people. Plain ASCII that needs no JSON escaping.
void append_message(std::string& output, Error error, const Limits& limits);

// The first line of a reply, with its end: "HTTP/1.1 200 OK\r\n". Empty when cubby does not use the
// status code.
std::string_view status_line_of(unsigned status) noexcept;

}  // namespace cubby::protocol
