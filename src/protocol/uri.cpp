#include "protocol/uri.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "protocol/ascii.hpp"
#include "protocol/hex.hpp"
#include "protocol/target_text.hpp"

namespace cubby::protocol {
namespace {

constexpr auto kNpos = std::string_view::npos;
constexpr std::string_view kScheme = "http://";
constexpr unsigned kMaxPort = 65535;

// unreserved / sub-delims without the comma / the sign of an escape (RFC 3986, section 3.2.2)
constexpr AlphanumericAnd kNameChars("-._~!$&'()*+;=%");
constexpr AlphanumericAnd kFutureAddressChars("-._~!$&'()*+,;=:");

bool is_hex(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return hex_value(c) >= 0; });
}

bool is_escape(std::string_view text) { return text.size() >= 3 && is_hex(text.substr(1, 2)); }

// Takes what comes before the first `separator` off the beginning of `text`, and that as well.
std::string_view take_part(std::string_view& text, char separator) {
  const std::string_view part = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

// A number of digits alone, up to `most`.
bool is_number(std::string_view text, unsigned most) {
  unsigned number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, number);
  return problem == std::errc{} && stop == end && number <= most;
}

bool is_port(std::string_view text) { return text.empty() || is_number(text, kMaxPort); }

bool is_ipv4_address(std::string_view text) {
  if (std::count(text.begin(), text.end(), '.') != 3 || text.back() == '.') return false;
  while (!text.empty()) {
    const std::string_view octet = take_part(text, '.');
    if (!is_number(octet, 255) || (octet.size() > 1 && octet.front() == '0')) return false;
  }
  return true;
}

// Eight groups of up to four hex digits. "::" stands for one or more, and the last two may be an
// IPv4 address.
bool is_ipv6_address(std::string_view text) {
  std::size_t groups = 0;
  bool has_gap = text.starts_with("::");
  if (has_gap) text.remove_prefix(2);
  while (!text.empty()) {
    const bool is_last = text.find(':') == kNpos;
    const std::string_view group = take_part(text, ':');
    if (is_last && is_ipv4_address(group)) {
      groups += 2;
      break;
    }
    if (group.size() > 4 || !is_hex(group)) return false;
    ++groups;
    if (!is_last && text.empty()) return false;
    if (!text.starts_with(':')) continue;
    if (has_gap) return false;
    has_gap = true;
    text.remove_prefix(1);
  }
  return has_gap ? groups < 8 : groups == 8;
}

// "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )
bool is_future_address(std::string_view text) {
  if (text.empty() || to_lower(text.front()) != 'v') return false;
  const std::size_t dot = text.find('.');
  if (dot == kNpos || dot < 2 || dot + 1 == text.size()) return false;
  return is_hex(text.substr(1, dot - 1)) && kFutureAddressChars.contains_all(text.substr(dot + 1));
}

}  // namespace

bool is_host(std::string_view text) noexcept {
  const bool is_literal = text.starts_with('[');
  const std::size_t name_end = is_literal ? std::min(text.find(']'), text.size() - 1) + 1
                                          : std::min(text.find(':'), text.size());
  const std::string_view name = text.substr(0, name_end);
  const std::string_view rest = text.substr(name_end);
  if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return false;
  if (!is_literal) return !name.empty() && kNameChars.contains_all(name) && !has_bad_escape(name);
  if (name.size() < 3 || name.back() != ']') return false;
  const std::string_view address = name.substr(1, name.size() - 2);
  return is_ipv6_address(address) || is_future_address(address);
}

bool has_bad_escape(std::string_view text) noexcept {
  for (auto at = text.find('%'); at != kNpos; at = text.find('%', at + 1)) {
    if (!is_escape(text.substr(at))) return true;
  }
  return false;
}

std::size_t take_path_and_query(std::string_view text, Target& target) noexcept {
  const TargetText found = read_target_text(text);
  target.path = text.substr(0, found.path_size);
  const std::size_t query_begin = std::min(found.path_size + 1, found.size);
  target.query = text.substr(query_begin, found.size - query_begin);
  target.is_plain = found.is_plain;
  return found.size;
}

bool split_target(std::string_view text, bool is_options, Target& target) noexcept {
  if (is_options && text == "*") {
    target.path = text;
    return true;
  }
  const bool is_absolute = equals_lower(text.substr(0, kScheme.size()), kScheme);
  if (is_absolute) {
    text.remove_prefix(kScheme.size());
    const std::size_t authority_end = std::min(text.find_first_of("/?"), text.size());
    if (!is_host(text.substr(0, authority_end))) return false;
    text.remove_prefix(authority_end);
  } else if (!text.starts_with('/')) {
    return false;
  }
  if (take_path_and_query(text, target) != text.size()) return false;
  // An empty path is "/", or the server itself when OPTIONS asks (RFC 9112, section 3.2.4).
  if (target.path.empty()) target.path = is_options && text.empty() ? "*" : "/";
  return true;
}

bool is_same_path(std::string_view sent, std::string_view plain) noexcept {
  if (sent == plain) return true;
  if (sent.find('%') == kNpos) return false;
  for (const char c : plain) {
    if (sent.starts_with(c)) {
      sent.remove_prefix(1);
    } else if (kUnreserved.contains(c) && sent.starts_with('%') && is_escape(sent) &&
               hex_value(sent[1]) * 16 + hex_value(sent[2]) == c) {
      sent.remove_prefix(3);
    } else {
      return false;
    }
  }
  return sent.empty();
}

}  // namespace cubby::protocol
