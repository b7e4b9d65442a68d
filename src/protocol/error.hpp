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
  not_text,
  no_room,
  request_timeout,
  too_many_connections,
  body_encoded,

  // Of /v1 alone.
  unknown_parameter,
  repeated_parameter,
  bad_number,
  bad_prefix,
  bad_limit,
  bad_cursor,
  bad_flag,
  what_to_delete,
  bad_content_type,
  bad_content_encoding,
  partial_value,
  bad_etag,
  precondition_failed,
  not_a_number,
  number_overflow,
  value_encoded,
  json_not_array,
  batch_too_large,
  too_many_operations,
  operation_not_object,
  unknown_operation,
  unknown_member,
  repeated_member,
  bad_member,
  bad_base64,
  reply_too_large,
  count_,
};

unsigned status_of(Error error) noexcept;

// Its name in the types of problems: "key-not-found". Never changes.
std::string_view name_of(Error error) noexcept;

// Appends the message for people. Plain ASCII that needs no JSON escaping.
void append_message(std::string& output, Error error, const Limits& limits);

// The first line of a reply, with its end: "HTTP/1.1 200 OK\r\n". Empty when cubby does not use the
// status code.
std::string_view status_line_of(unsigned status) noexcept;

}  // namespace cubby::protocol
