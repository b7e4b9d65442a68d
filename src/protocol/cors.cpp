#include "protocol/cors.hpp"

#include <algorithm>
#include <cstddef>

#include "protocol/ascii.hpp"
#include "protocol/field_lines.hpp"
#include "protocol/head_rules.hpp"
#include "protocol/uri.hpp"

namespace cubby::protocol {
namespace {

constexpr std::string_view kSchemeEnd = "://";
constexpr AlphanumericAnd kSchemeChars("+-.");
// Of a host and its port. Browsers have decoded what was percent-encoded.
constexpr AlphanumericAnd kAuthorityChars("-._:[]");

constexpr std::string_view kVary = "Vary: Origin\r\n";

std::string fields_of(std::string_view origin) {
  std::string fields = "Access-Control-Allow-Origin: ";
  fields.append(origin);
  fields.append(
      "\r\nAccess-Control-Expose-Headers: ETag, Age, Content-Encoding, Retry-After, Allow\r\n");
  if (origin != kAnyOrigin) fields.append(kVary);
  return fields;
}

std::string_view own_port_of(std::string_view scheme) {
  if (scheme == "http") return ":80";
  if (scheme == "https") return ":443";
  return {};
}

}  // namespace

std::optional<std::string> read_origin(std::string_view text) {
  std::string origin(text);
  std::transform(origin.begin(), origin.end(), origin.begin(), to_lower);
  const std::size_t scheme_end = origin.find(kSchemeEnd);
  if (scheme_end == std::string::npos || scheme_end == 0) return std::nullopt;
  const std::string_view scheme = std::string_view(origin).substr(0, scheme_end);
  const std::string_view host = std::string_view(origin).substr(scheme_end + kSchemeEnd.size());
  if (scheme.front() < 'a' || scheme.front() > 'z' || !kSchemeChars.contains_all(scheme) ||
      !kAuthorityChars.contains_all(host) || !is_host(host) || host.ends_with(':')) {
    return std::nullopt;
  }
  const std::string_view port = own_port_of(scheme);
  if (host.ends_with(port)) origin.resize(origin.size() - port.size());
  return origin;
}

Cors::Cors(const std::vector<std::string>& origins)
    : allows_any_(origins.size() == 1 && origins.front() == kAnyOrigin),
      other_fields_(allows_any_ ? fields_of(kAnyOrigin) : kVary) {
  if (allows_any_) return;
  for (const std::string& origin : origins) allowed_.push_back({origin, fields_of(origin)});
}

const Cors::Allowed* Cors::find(const Request& request) const noexcept {
  if (allows_any_ || !request.head.has(Field::origin)) return nullptr;
  const auto origin = only_line(request.text, "origin");
  if (!origin) return nullptr;
  const auto found = std::find_if(allowed_.begin(), allowed_.end(),
                                  [&](const Allowed& each) { return each.origin == *origin; });
  return found == allowed_.end() ? nullptr : &*found;
}

std::string_view Cors::fields_for(const Request& request) const noexcept {
  const Allowed* const allowed = find(request);
  return allowed == nullptr ? other_fields_ : allowed->fields;
}

bool Cors::is_preflight(const Request& request) const noexcept {
  return request.head.has(Field::origin) &&
         request.head.has(Field::access_control_request_method) &&
         (allows_any_ || find(request) != nullptr);
}

std::string Cors::preflight_fields(std::string_view methods) {
  std::string fields = "Access-Control-Allow-Methods: ";
  fields.append(methods);
  fields.append(
      "\r\nAccess-Control-Allow-Headers: Content-Type, Content-Encoding, Cache-Control, If-Match, "
      "If-None-Match\r\nAccess-Control-Max-Age: 7200\r\n");
  return fields;
}

}  // namespace cubby::protocol
