#include "protocol/head_rules.hpp"

#include <algorithm>
#include <charconv>

#include "protocol/ascii.hpp"
#include "protocol/field_lines.hpp"

namespace cubby::protocol {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Error judge_request_line(std::string_view line) noexcept {
  const std::size_t version_begin = line.rfind(' ') + 1;
  const std::string_view version = line.substr(version_begin);
  const bool is_version = version.size() == 8 && version.starts_with("HTTP/") &&
                          is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
  const bool is_ours = version == "HTTP/1.0" || version == "HTTP/1.1";
  if (!is_version || is_ours) return Error::bad_request_line;
  const std::string_view rest = line.substr(0, version_begin - 1);
  const std::string_view method = rest.substr(0, rest.find(' '));
  const std::string_view target = rest.substr(std::min(method.size() + 1, rest.size()));
  const bool is_request = !method.empty() && kTokenChars.contains_all(method) && !target.empty() &&
                          target.find(' ') == std::string_view::npos;
  return is_request ? Error::bad_version : Error::bad_request_line;
}

Error HeadRules::take_request_line(Method method, std::string_view target, bool http_1_0) noexcept {
  head_.method = method;
  head_.http_1_0 = http_1_0;
  if (target.size() > limits_.max_target_bytes) return Error::target_too_long;
  // The authority-form belongs to CONNECT alone, which is refused whatever its target.
  if (method == Method::connect) return Error::none;
  const bool is_target = split_target(target, method == Method::options, head_.target);
  return is_target ? Error::none : Error::bad_target;
}

Error HeadRules::take_field(Field field, std::string_view value) noexcept {
  if (++fields_ > limits_.max_header_fields) return Error::head_too_large;
  if (field >= kFirstNoted) head_.note(field);
  switch (field) {
    case Field::host:
      if (has_host_ || !is_host(value)) return Error::bad_host;
      has_host_ = true;
      return Error::none;
    case Field::content_length:
      return take_content_length(value);
    case Field::transfer_encoding:
      return take_transfer_encoding(value);
    case Field::connection:
      take_connection(value);
      return Error::none;
    case Field::expect:
      take_expect(value);
      return Error::none;
    case Field::content_encoding:
      take_content_encoding(value);
      return Error::none;
    default:
      return Error::none;
  }
}

Error HeadRules::finish() noexcept {
  if (!has_host_ && !head_.http_1_0) return Error::bad_host;
  if (head_.chunked && (has_content_length_ || head_.http_1_0)) return Error::bad_transfer_encoding;
  head_.keep_alive = !asks_close_ && (!head_.http_1_0 || asks_keep_alive_);
  // An expectation in HTTP/1.0 is to be ignored (RFC 9110, section 10.1.1).
  if (head_.http_1_0) head_.expectation = Expectation::none;
  return Error::none;
}

Error HeadRules::take_content_length(std::string_view value) noexcept {
  if (has_content_length_) return Error::bad_content_length;
  has_content_length_ = true;
  const char* const end = value.data() + value.size();
  const auto [stop, problem] = std::from_chars(value.data(), end, head_.content_length);
  if (problem != std::errc{} || stop != end) return Error::bad_content_length;
  return Error::none;
}

Error HeadRules::take_transfer_encoding(std::string_view value) noexcept {
  if (head_.chunked || !equals_lower(value, "chunked")) return Error::bad_transfer_encoding;
  head_.chunked = true;
  return Error::none;
}

void HeadRules::take_connection(std::string_view value) noexcept {
  while (!value.empty()) {
    const std::string_view option = take_list_element(value);
    if (equals_lower(option, "close")) asks_close_ = true;
    if (equals_lower(option, "keep-alive")) asks_keep_alive_ = true;
  }
}

void HeadRules::take_expect(std::string_view value) noexcept {
  while (!value.empty()) {
    const std::string_view expectation = take_list_element(value);
    if (expectation.empty()) continue;
    if (!equals_lower(expectation, "100-continue")) {
      head_.expectation = Expectation::unknown;
    } else if (head_.expectation == Expectation::none) {
      head_.expectation = Expectation::continue_100;
    }
  }
}

void HeadRules::take_content_encoding(std::string_view value) noexcept {
  if (names_encoding(value)) head_.encoded = true;
}

bool names_encoding(std::string_view content_encoding) noexcept {
  while (!content_encoding.empty()) {
    const std::string_view coding = take_list_element(content_encoding);
    if (!coding.empty() && !equals_lower(coding, "identity")) return true;
  }
  return false;
}

}  // namespace cubby::protocol
