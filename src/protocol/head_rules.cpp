#include "protocol/head_rules.hpp"

#include <algorithm>
#include <charconv>

namespace cubby::protocol {
namespace {

constexpr auto kNpos = std::string_view::npos;
constexpr std::string_view kScheme = "http://";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// Compares without regard to case; `lower` is in lower case already.
bool equals_lower(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return to_lower(a) == b; });
}

// Takes the first element off a comma-separated list, without the white space around it.
std::string_view take_element(std::string_view& list) {
  constexpr std::string_view kSpace = " \t";
  std::string_view element = list.substr(0, list.find(','));
  list.remove_prefix(std::min(element.size() + 1, list.size()));
  element.remove_prefix(std::min(element.find_first_not_of(kSpace), element.size()));
  return element.substr(0, element.find_last_not_of(kSpace) + 1);
}

// unreserved / sub-delims (RFC 3986, section 2)
bool is_name_char(char c) {
  constexpr std::string_view kMarks = "-._~!$&'()*+,;=";
  return is_alpha(c) || is_digit(c) || kMarks.find(c) != kNpos;
}

bool is_registered_name(std::string_view name) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '%') {
      if (name.size() - i < 3 || !is_hex(name[i + 1]) || !is_hex(name[i + 2])) return false;
      i += 2;
    } else if (!is_name_char(name[i])) {
      return false;
    }
  }
  return true;
}

bool is_ip_literal(std::string_view literal) {
  if (literal.size() < 4 || literal.front() != '[' || literal.back() != ']') return false;
  literal = literal.substr(1, literal.size() - 2);
  return std::all_of(literal.begin(), literal.end(),
                     [](char c) { return c == ':' || is_name_char(c); });
}

// uri-host [ ":" port ] (RFC 9110, section 7.2; RFC 3986, section 3.2)
bool is_host(std::string_view host) {
  const std::size_t name_end = host.starts_with('[') ? host.find(']') : 0;
  if (name_end == kNpos) return false;
  const std::size_t colon = host.find(':', name_end);
  if (colon != kNpos) {
    const std::string_view port = host.substr(colon + 1);
    if (port.size() > 5 || !std::all_of(port.begin(), port.end(), is_digit)) return false;
  }
  const std::string_view name = host.substr(0, colon);
  return name.starts_with('[') ? is_ip_literal(name) : is_registered_name(name);
}

// Splits a target in origin-form, absolute-form or asterisk-form (RFC 9112, section 3.2) into path
// and query. False when it has none of these forms.
bool split_target(std::string_view target, RequestHead& head) {
  if (target.find('#') != kNpos) return false;
  if (equals_lower(target.substr(0, kScheme.size()), kScheme)) {
    target.remove_prefix(kScheme.size());
    const std::size_t authority_end = std::min(target.find_first_of("/?"), target.size());
    const std::string_view authority = target.substr(0, authority_end);
    if (authority.empty() || !is_host(authority)) return false;
    target.remove_prefix(authority_end);
    head.path = target.substr(0, target.find('?'));
    if (head.path.empty()) head.path = "/";
  } else {
    head.path = target.substr(0, target.find('?'));
    const bool is_asterisk = target == "*" && head.method == Method::options;
    if (!target.starts_with('/') && !is_asterisk) return false;
  }
  const std::size_t question = target.find('?');
  if (question != kNpos) head.query = target.substr(question + 1);
  return true;
}

}  // namespace

Error judge_request_line(std::string_view line) noexcept {
  const std::size_t method_end = line.find(' ');
  if (method_end == 0 || method_end == kNpos) return Error::bad_request_line;
  const bool method_is_alpha =
      std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(method_end), is_alpha);
  const std::string_view rest = line.substr(method_end + 1);
  const std::size_t target_end = rest.find(' ');
  if (!method_is_alpha || rest.empty() || target_end == 0) return Error::bad_request_line;
  // HTTP/0.9 had no version there.
  if (target_end == kNpos) return Error::bad_version;
  const std::string_view version = rest.substr(target_end + 1);
  const bool is_version = version.size() == 8 && version.starts_with("HTTP/") &&
                          is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
  const bool is_ours = version == "HTTP/1.0" || version == "HTTP/1.1";
  return is_version && !is_ours ? Error::bad_version : Error::bad_request_line;
}

Error HeadRules::take_request_line(Method method, std::string_view target, bool http_1_0) noexcept {
  head_.method = method;
  head_.http_1_0 = http_1_0;
  if (target.size() > limits_.max_target_bytes) return Error::target_too_long;
  // The authority-form belongs to CONNECT alone, which is refused whatever its target.
  if (method == Method::connect) return Error::none;
  return split_target(target, head_) ? Error::none : Error::bad_target;
}

Error HeadRules::take_field(Field field, std::string_view value) noexcept {
  if (++fields_ > limits_.max_header_fields) return Error::head_too_large;
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
    case Field::other:
      break;
  }
  return Error::none;
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
    const std::string_view option = take_element(value);
    if (equals_lower(option, "close")) asks_close_ = true;
    if (equals_lower(option, "keep-alive")) asks_keep_alive_ = true;
  }
}

void HeadRules::take_expect(std::string_view value) noexcept {
  while (!value.empty()) {
    const std::string_view expectation = take_element(value);
    if (expectation.empty()) continue;
    if (!equals_lower(expectation, "100-continue")) {
      head_.expectation = Expectation::unknown;
    } else if (head_.expectation == Expectation::none) {
      head_.expectation = Expectation::continue_100;
    }
  }
}

}  // namespace cubby::protocol
