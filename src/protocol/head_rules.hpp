// What the head of a request must keep to beyond its syntax, and what it says about the message.
// The strict part of RFC 9110 and RFC 9112 is here: whatever leaves room for two readings is
// refused.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/limits.hpp"
#include "protocol/method.hpp"
#include "protocol/uri.hpp"

namespace cubby::protocol {

// The header fields that mean something here. Of those from kFirstNoted on a head only notes that
// it has them: who needs what they say reads them with for_each_line().
enum class Field : std::uint8_t {
  other,
  host,
  connection,
  content_length,
  transfer_encoding,
  expect,
  content_encoding,
  content_type,
  content_range,
  cache_control,
  if_match,
  if_none_match,
  origin,
  access_control_request_method,
};
inline constexpr Field kFirstNoted = Field::content_encoding;
inline constexpr Field kLastField = Field::access_control_request_method;

enum class Expectation : std::uint8_t { none, continue_100, unknown };

// What is known of a request from its head. The views are into the head.
struct RequestHead {
  Method method = Method::unknown;
  Target target;
  bool http_1_0 = false;
  bool keep_alive = false;  // what version and Connection field ask for
  bool chunked = false;
  bool encoded = false;  // Content-Encoding names one
  std::uint64_t content_length = 0;
  Expectation expectation = Expectation::none;
  std::uint16_t noted = 0;  // a bit for each Field

  bool operator==(const RequestHead&) const = default;

  bool has(Field field) const noexcept { return (noted & bit_of(field)) != 0; }
  void note(Field field) noexcept { noted |= bit_of(field); }

  bool has_body() const noexcept { return chunked || content_length > 0; }

 private:
  static_assert(static_cast<unsigned>(kLastField) < 16);
  static constexpr std::uint16_t bit_of(Field field) noexcept {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(field));
  }
};

// What is wrong with a request line (given without its line ending) that does not parse:
// bad_version when it names another version of HTTP and is well-formed otherwise, else
// bad_request_line. HTTP/0.9 had no version in its line, so it is the latter.
Error judge_request_line(std::string_view line) noexcept;

// Whether a Content-Encoding of this value says that something is encoded.
bool names_encoding(std::string_view content_encoding) noexcept;

// Collects one head in the order of its lines and fills in `head`.
class HeadRules {
 public:
  HeadRules(const Limits& limits, RequestHead& head) noexcept : limits_(limits), head_(head) {}

  // Errors: target_too_long, bad_target.
  Error take_request_line(Method method, std::string_view target, bool http_1_0) noexcept;

  // `value` is without the white space around it. Errors: head_too_large, bad_host,
  // bad_content_length, bad_transfer_encoding.
  Error take_field(Field field, std::string_view value) noexcept;

  // After the last field. Errors: bad_host, bad_transfer_encoding.
  Error finish() noexcept;

 private:
  Error take_content_length(std::string_view value) noexcept;
  Error take_transfer_encoding(std::string_view value) noexcept;
  void take_connection(std::string_view value) noexcept;
  void take_expect(std::string_view value) noexcept;
  void take_content_encoding(std::string_view value) noexcept;

  const Limits& limits_;
  RequestHead& head_;
  std::size_t fields_ = 0;
  bool has_host_ = false;
  bool has_content_length_ = false;
  bool asks_close_ = false;
  bool asks_keep_alive_ = false;
};

}  // namespace cubby::protocol
