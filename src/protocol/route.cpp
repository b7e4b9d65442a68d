#include "protocol/route.hpp"

#include <algorithm>
#include <array>

#include "protocol/key.hpp"
#include "protocol/put_request.hpp"

namespace cubby::protocol {
namespace {

constexpr std::array kRoutes{
    Route{.method = Method::get, .path = "/get?key=...", .service = get_value, .docs = "get"},
    Route{.method = Method::post,
          .path = "/put",
          .service = put_value,
          .docs = "put",
          .body = {PutRequest::begin, false}},
    Route{.method = Method::get, .path = "/health", .service = report_health, .docs = "health"},
    Route{.method = Method::get, .path = "/v1/memory", .service = report_memory, .docs = "memory"},
    Route{.method = Method::get, .path = "/v1/stats", .service = report_stats, .docs = "stats"},
};

constexpr std::string_view kServer = "*";
constexpr Route kOptions{
    .method = Method::options, .path = "*", .service = report_options, .docs = "options"};

constexpr std::string_view kV1 = "/v1";

bool serves(const Route& route, Method method) {
  return route.method == method || (route.method == Method::get && method == Method::head);
}

bool is_badly_encoded(const Target& target) {
  return !target.is_plain && (has_bad_escape(target.path) || has_bad_escape(target.query));
}

bool is_path(const Target& target, std::string_view sent, std::string_view plain) {
  return target.is_plain ? sent == plain : is_same_path(sent, plain);
}

// Splits a path before and behind the segment that is where the key is in the route's.
struct Split {
  std::string_view before;
  std::string_view segment;
  std::string_view behind;
};

Split split_at_key(std::string_view path, std::string_view route_before_key) {
  std::size_t begin = 0;
  for (auto left = std::count(route_before_key.begin(), route_before_key.end(), '/'); left > 0;
       --left) {
    begin = std::min(path.find('/', begin), path.size() - 1) + 1;
  }
  const std::size_t end = std::min(path.find('/', begin), path.size());
  return {path.substr(0, begin), path.substr(begin, end - begin), path.substr(end)};
}

// `segment` becomes the one that is the key, if the route has one.
bool leads_to(const Target& target, const Route& route, std::string_view& segment) {
  const std::string_view before = route.path.before();
  if (route.path.key_source() != KeySource::path) return is_path(target, target.path, before);
  // The quick way past.
  if (target.is_plain && !target.path.starts_with(before)) return false;
  const Split split = split_at_key(target.path, before);
  segment = split.segment;
  return is_path(target, split.behind, route.path.behind()) &&
         is_path(target, split.before, before);
}

bool is_v1(const Target& target) {
  const std::string_view first =
      target.path.substr(0, std::min(target.path.find('/', 1), target.path.size()));
  return is_path(target, first, kV1);
}

void append_to_list(std::string& list, std::string_view item) {
  if (!list.empty()) list.append(", ");
  list.append(item);
}

// No method's name is part of another's.
void append_method(std::string& list, Method method) {
  if (list.find(name_of(method)) == std::string::npos) append_to_list(list, name_of(method));
}

Error find_key_of(const Route& route, const Target& target, std::string_view segment,
                  const Limits& limits, KeyBuffer& buffer, std::string_view& key) {
  switch (route.path.key_source()) {
    case KeySource::none:
      return Error::none;
    case KeySource::query:
      if (const Error error = find_key(target, buffer, key); error != Error::none) return error;
      break;
    case KeySource::path: {
      const auto decoded = decode_segment(segment, buffer);
      if (!decoded) return Error::key_too_long;
      key = *decoded;
    }
  }
  return check_key(key, limits);
}

}  // namespace

Operation find_operation(Method method, const Target& target, const Limits& limits,
                         KeyBuffer& buffer) noexcept {
  Operation operation;
  operation.error = Error::unknown_path;
  operation.is_v1 = is_v1(target);
  const auto fail = [&](Error error) {
    operation.error = error;
    return operation;
  };
  if (method == Method::unknown || method == Method::connect) return fail(Error::unknown_method);
  if (is_badly_encoded(target)) return fail(Error::bad_escape);
  if (target.path == kServer) operation.path = kServer;
  std::string_view segment;
  for (const Route& route : kRoutes) {
    if (!leads_to(target, route, segment)) continue;
    operation.path = route.path.text();
    operation.error = Error::wrong_method;
    if (!serves(route, method)) continue;
    operation.error = Error::none;
    operation.route = &route;
    break;
  }
  if (method == Method::options && !operation.path.empty()) {
    operation.route = &kOptions;
    return fail(Error::none);
  }
  if (operation.error != Error::none) return operation;
  const Route& route = *operation.route;
  operation.error = find_key_of(route, target, segment, limits, buffer, operation.key);
  if (operation.error == Error::none && route.parameters && !target.query.empty()) {
    operation.error =
        read_parameters(target.query, *route.parameters, limits, buffer, operation.parameters);
  }
  return operation;
}

std::string allowed_methods(std::string_view path) {
  std::string list;
  for (const Route& route : kRoutes) {
    if (route.path.text() != path && path != kServer) continue;
    append_method(list, route.method);
    if (route.method == Method::get) append_method(list, Method::head);
  }
  append_method(list, Method::options);
  return list;
}

std::string describe_routes() {
  std::string list;
  for (const Route& route : kRoutes) {
    append_to_list(list, name_of(route.method));
    list.append(" ").append(route.path.described());
  }
  return list;
}

}  // namespace cubby::protocol
