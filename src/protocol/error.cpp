#include "protocol/error.hpp"

#include <algorithm>
#include <array>

namespace cubby::protocol {
namespace {

struct Entry {
  Error error;
  unsigned status;
  std::string_view name;
  std::string_view message;  // "{}" stands for the limit
  std::size_t Limits::*limit = nullptr;
};

constexpr std::array kErrors{
    Entry{Error::none, 200, "none", ""},
    Entry{Error::bad_request_line, 400, "bad-request-line",
          "The request line must be a method, a target and HTTP/1.1, with one space between them."},
    Entry{Error::bad_version, 505, "bad-version", "This server speaks HTTP/1.1 and HTTP/1.0 only."},
    Entry{
        Error::bad_target, 400, "bad-target",
        "The request target must be a path or an http URL, without a fragment. Percent-encode all "
        "but letters, digits and -._~!$&'()*+,;=:@/?."},
    Entry{
        Error::bad_field, 400, "bad-field",
        "A header field is malformed. Each takes one line that ends in CR LF: a name, a colon, and "
        "a value without control characters."},
    Entry{Error::folded_field, 400, "folded-field",
          "Header fields must not be folded over several lines."},
    Entry{
        Error::bad_host, 400, "bad-host",
        "Exactly one Host header field is needed, with a host name or address and perhaps a port."},
    Entry{Error::bad_content_length, 400, "bad-content-length",
          "Content-Length must be given once, as one number."},
    Entry{Error::bad_transfer_encoding, 400, "bad-transfer-encoding",
          "Transfer-Encoding must be chunked, given once, in HTTP/1.1, without Content-Length."},
    Entry{Error::bad_chunk, 400, "bad-chunk", "The chunked body is malformed."},
    Entry{Error::target_too_long, 414, "target-too-long",
          "The request target is longer than {} bytes.", &Limits::max_target_bytes},
    Entry{Error::head_too_large, 431, "head-too-large", "The head of the request is too large."},
    Entry{Error::body_too_large, 413, "body-too-large",
          "The body is too large: a value may have {} bytes.", &Limits::max_value_bytes},
    Entry{Error::bad_expectation, 417, "bad-expectation",
          "The only expectation that can be met is 100-continue."},
    Entry{Error::incomplete, 400, "incomplete",
          "The connection ended before the request was complete."},

    Entry{Error::unknown_method, 501, "unknown-method", "This method is not implemented."},
    Entry{Error::unknown_path, 404, "unknown-path", "No such path."},
    Entry{Error::wrong_method, 405, "wrong-method", "The method is not allowed for this path."},
    Entry{Error::bad_escape, 400, "bad-escape",
          "A percent sign in the target has no two hex digits after it. For a percent sign, write "
          "%25."},
    Entry{Error::key_missing, 400, "key-missing", "The key is missing."},
    Entry{Error::key_repeated, 400, "key-repeated", "The key is given more than once."},
    Entry{Error::key_empty, 400, "key-empty", "The key is empty."},
    Entry{Error::key_too_long, 400, "key-too-long", "The key is longer than {} characters.",
          &Limits::max_key_length},
    Entry{Error::key_not_utf8, 400, "key-not-utf8", "The key is not valid UTF-8."},
    Entry{Error::key_not_string, 400, "key-not-string", "The key is not a string."},
    Entry{Error::value_missing, 400, "value-missing", "The value is missing."},
    Entry{Error::value_repeated, 400, "value-repeated", "The value is given more than once."},
    Entry{Error::value_not_string, 400, "value-not-string", "The value is not a string."},
    Entry{Error::value_too_large, 413, "value-too-large",
          "The value is too large: at most {} bytes are allowed.", &Limits::max_value_bytes},
    Entry{Error::value_does_not_fit, 413, "value-does-not-fit",
          "The value is too large for the cache's memory."},
    Entry{Error::ttl_repeated, 400, "ttl-repeated", "The ttl is given more than once."},
    Entry{Error::bad_ttl, 400, "bad-ttl",
          "The ttl must be a number of seconds from 0.001 to 315360000."},
    Entry{Error::bad_json, 400, "bad-json", "The body is not valid JSON in UTF-8."},
    Entry{Error::json_not_object, 400, "json-not-object", "The body is not a JSON object."},
    Entry{Error::json_too_deep, 400, "json-too-deep", "The JSON is nested deeper than {} levels.",
          &Limits::max_json_depth},
    Entry{Error::key_not_found, 404, "key-not-found", "Key not found."},
    Entry{Error::not_text, 406, "not-text",
          "The value is not text in UTF-8, or is encoded. GET it from /v1/keys/, followed by its "
          "key."},
    Entry{Error::no_room, 503, "no-room",
          "There is too little memory for this request at the moment."},
    Entry{Error::request_timeout, 408, "request-timeout", "The request did not arrive in time."},
    Entry{Error::too_many_connections, 503, "too-many-connections",
          "There are too many connections at the moment."},
    Entry{Error::body_encoded, 415, "body-encoded",
          "The body must not be compressed: no Content-Encoding."},

    Entry{Error::unknown_parameter, 400, "unknown-parameter",
          "The query has a parameter that this operation does not take."},
    Entry{Error::repeated_parameter, 400, "repeated-parameter",
          "The query has a parameter more than once."},
    Entry{Error::bad_number, 400, "bad-number",
          "This must be a whole number from -9223372036854775808 to 9223372036854775807."},
    Entry{Error::bad_prefix, 400, "bad-prefix",
          "The prefix must be UTF-8 of at most {} characters.", &Limits::max_key_length},
    Entry{Error::bad_limit, 400, "bad-limit", "The limit must be a whole number from 1 to 1000."},
    Entry{Error::bad_cursor, 400, "bad-cursor",
          "The cursor is none that this process has given. Begin the listing again, without one."},
    Entry{Error::bad_flag, 400, "bad-flag", "The only value that this can have is true."},
    Entry{Error::what_to_delete, 400, "what-to-delete",
          "Say what to delete: either prefix=..., which must not be empty, or all=true."},
    Entry{Error::bad_content_type, 400, "bad-content-type",
          "Content-Type must be given at most once, in at most 255 bytes without control "
          "characters."},
    Entry{Error::bad_content_encoding, 400, "bad-content-encoding",
          "Content-Encoding must be given at most once, in at most 255 bytes without control "
          "characters."},
    Entry{Error::partial_value, 400, "partial-value", "A value is stored whole: no Content-Range."},
    Entry{Error::bad_etag, 400, "bad-etag",
          "If-Match and If-None-Match take * or a list of entity tags, each in quotes."},
    Entry{Error::precondition_failed, 412, "precondition-failed",
          "If-Match or If-None-Match does not hold, so nothing has been done."},
    Entry{Error::not_a_number, 409, "not-a-number",
          "The value is not a whole number of 64 bits in decimal, so nothing has been added."},
    Entry{Error::number_overflow, 409, "overflow",
          "The sum does not fit into 64 bits, so nothing has been added."},
    Entry{
        Error::value_encoded, 409, "value-encoded",
        "The value has a Content-Encoding, of which what is added would be no part, so nothing has "
        "been added."},
    Entry{Error::json_not_array, 400, "json-not-array", "The body is not a JSON array."},
    Entry{Error::batch_too_large, 413, "batch-too-large",
          "The batch is too large: at most {} bytes are allowed.", &Limits::max_batch_bytes},
    Entry{Error::too_many_operations, 413, "too-many-operations",
          "The batch has more than 1000 operations."},
    Entry{Error::operation_not_object, 400, "operation-not-object",
          "The operation is not a JSON object."},
    Entry{Error::unknown_operation, 400, "unknown-operation",
          "The op must be get, put, delete, incr or touch."},
    Entry{Error::unknown_member, 400, "unknown-member",
          "The operation has a member that it does not take."},
    Entry{Error::repeated_member, 400, "repeated-member",
          "The operation has a member more than once."},
    Entry{Error::bad_member, 400, "bad-member",
          "A member of the operation is not of the type that it must have, or does not go with "
          "another."},
    Entry{Error::bad_base64, 400, "bad-base64", "The value_base64 is not Base64."},
    Entry{
        Error::reply_too_large, 413, "reply-too-large",
        "The values of this reply would be more than 16777216 bytes. GET this one from /v1/keys/, "
        "followed by its key."},
};

constexpr bool in_enum_order() {
  if (kErrors.size() != static_cast<std::size_t>(Error::count_)) return false;
  for (std::size_t i = 0; i < kErrors.size(); ++i) {
    if (kErrors[i].error != static_cast<Error>(i)) return false;
  }
  return true;
}
static_assert(in_enum_order());

struct StatusLine {
  unsigned status;
  std::string_view line;
};

constexpr std::array kStatusLines{
    StatusLine{200, "HTTP/1.1 200 OK\r\n"},
    StatusLine{201, "HTTP/1.1 201 Created\r\n"},
    StatusLine{204, "HTTP/1.1 204 No Content\r\n"},
    StatusLine{304, "HTTP/1.1 304 Not Modified\r\n"},
    StatusLine{400, "HTTP/1.1 400 Bad Request\r\n"},
    StatusLine{404, "HTTP/1.1 404 Not Found\r\n"},
    StatusLine{405, "HTTP/1.1 405 Method Not Allowed\r\n"},
    StatusLine{406, "HTTP/1.1 406 Not Acceptable\r\n"},
    StatusLine{408, "HTTP/1.1 408 Request Timeout\r\n"},
    StatusLine{409, "HTTP/1.1 409 Conflict\r\n"},
    StatusLine{412, "HTTP/1.1 412 Precondition Failed\r\n"},
    StatusLine{413, "HTTP/1.1 413 Content Too Large\r\n"},
    StatusLine{414, "HTTP/1.1 414 URI Too Long\r\n"},
    StatusLine{415, "HTTP/1.1 415 Unsupported Media Type\r\n"},
    StatusLine{417, "HTTP/1.1 417 Expectation Failed\r\n"},
    StatusLine{431, "HTTP/1.1 431 Request Header Fields Too Large\r\n"},
    StatusLine{501, "HTTP/1.1 501 Not Implemented\r\n"},
    StatusLine{503, "HTTP/1.1 503 Service Unavailable\r\n"},
    StatusLine{505, "HTTP/1.1 505 HTTP Version Not Supported\r\n"},
};

constexpr std::string_view find_status_line(unsigned status) {
  for (const StatusLine& line : kStatusLines) {
    if (line.status == status) return line.line;
  }
  return {};
}

constexpr bool has_every_status_line() {
  return std::all_of(kErrors.begin(), kErrors.end(),
                     [](const Entry& entry) { return !find_status_line(entry.status).empty(); });
}
static_assert(has_every_status_line());

const Entry& entry_of(Error error) { return kErrors[static_cast<std::size_t>(error)]; }

}  // namespace

unsigned status_of(Error error) noexcept { return entry_of(error).status; }

std::string_view name_of(Error error) noexcept { return entry_of(error).name; }

void append_message(std::string& output, Error error, const Limits& limits) {
  const Entry& entry = entry_of(error);
  if (entry.limit == nullptr) {
    output.append(entry.message);
    return;
  }
  const std::size_t at = entry.message.find("{}");
  output.append(entry.message.substr(0, at));
  output.append(std::to_string(limits.*entry.limit));
  output.append(entry.message.substr(at + 2));
}

std::string_view status_line_of(unsigned status) noexcept { return find_status_line(status); }

}  // namespace cubby::protocol
