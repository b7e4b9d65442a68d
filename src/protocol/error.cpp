#include "protocol/error.hpp"

#include <algorithm>
#include <array>

namespace cubby::protocol {
namespace {

struct Entry {
  Error error;
  unsigned status;
  std::string_view message;  // "{}" stands for the limit
  std::size_t Limits::*limit = nullptr;
};

constexpr std::array kErrors{
    Entry{Error::none, 200, ""},
    Entry{Error::bad_request_line, 400,
          "The request line must be a method, a target and HTTP/1.1, with one space between them."},
    Entry{Error::bad_version, 505, "This server speaks HTTP/1.1 and HTTP/1.0 only."},
    Entry{
        Error::bad_target, 400,
        "The request target must be a path or an http URL, without a fragment. Percent-encode all "
        "but letters, digits and -._~!$&'()*+,;=:@/?."},
    Entry{
        Error::bad_field, 400,
        "A header field is malformed. Each takes one line that ends in CR LF: a name, a colon, and "
        "a value without control characters."},
    Entry{Error::folded_field, 400, "Header fields must not be folded over several lines."},
    Entry{
        Error::bad_host, 400,
        "Exactly one Host header field is needed, with a host name or address and perhaps a port."},
    Entry{Error::bad_content_length, 400, "Content-Length must be given once, as one number."},
    Entry{Error::bad_transfer_encoding, 400,
          "Transfer-Encoding must be chunked, given once, in HTTP/1.1, without Content-Length."},
    Entry{Error::bad_chunk, 400, "The chunked body is malformed."},
    Entry{Error::target_too_long, 414, "The request target is longer than {} bytes.",
          &Limits::max_target_bytes},
    Entry{Error::head_too_large, 431, "The head of the request is too large."},
    Entry{Error::body_too_large, 413, "The body is too large: a value may have {} bytes.",
          &Limits::max_value_bytes},
    Entry{Error::bad_expectation, 417, "The only expectation that can be met is 100-continue."},
    Entry{Error::incomplete, 400, "The connection ended before the request was complete."},

    Entry{Error::unknown_method, 501, "This method is not implemented."},
    Entry{Error::unknown_path, 404, "No such path."},
    Entry{Error::wrong_method, 405, "The method is not allowed for this path."},
    Entry{Error::bad_escape, 400,
          "A percent sign in the target has no two hex digits after it. For a percent sign, write "
          "%25."},
    Entry{Error::key_missing, 400, "The key is missing."},
    Entry{Error::key_repeated, 400, "The key is given more than once."},
    Entry{Error::key_empty, 400, "The key is empty."},
    Entry{Error::key_too_long, 400, "The key is longer than {} characters.",
          &Limits::max_key_length},
    Entry{Error::key_not_utf8, 400, "The key is not valid UTF-8."},
    Entry{Error::key_not_string, 400, "The key is not a string."},
    Entry{Error::value_missing, 400, "The value is missing."},
    Entry{Error::value_repeated, 400, "The value is given more than once."},
    Entry{Error::value_not_string, 400, "The value is not a string."},
    Entry{Error::value_too_large, 413, "The value is too large: at most {} bytes are allowed.",
          &Limits::max_value_bytes},
    Entry{Error::value_does_not_fit, 413, "The value is too large for the cache's memory."},
    Entry{Error::ttl_repeated, 400, "The ttl is given more than once."},
    Entry{Error::bad_ttl, 400, "The ttl must be a number of seconds from 0.001 to 315360000."},
    Entry{Error::bad_json, 400, "The body is not valid JSON in UTF-8."},
    Entry{Error::json_not_object, 400, "The body is not a JSON object."},
    Entry{Error::json_too_deep, 400, "The JSON is nested deeper than {} levels.",
          &Limits::max_json_depth},
    Entry{Error::key_not_found, 404, "Key not found."},
    Entry{Error::no_room, 503, "There is too little memory for this request at the moment."},
    Entry{Error::request_timeout, 408, "The request did not arrive in time."},
    Entry{Error::too_many_connections, 503, "There are too many connections at the moment."},
    Entry{Error::body_encoded, 415, "The body must not be compressed: no Content-Encoding."},
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
    StatusLine{400, "HTTP/1.1 400 Bad Request\r\n"},
    StatusLine{404, "HTTP/1.1 404 Not Found\r\n"},
    StatusLine{405, "HTTP/1.1 405 Method Not Allowed\r\n"},
    StatusLine{408, "HTTP/1.1 408 Request Timeout\r\n"},
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
