#include "protocol/route.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "protocol/batch.hpp"
#include "protocol/key.hpp"
#include "protocol/key_service.hpp"
#include "protocol/list_service.hpp"
#include "protocol/put_request.hpp"
#include "protocol/value_body.hpp"

namespace cubby::protocol {
namespace {

constexpr ParameterSet kNone;
constexpr ParameterSet kTtl(Parameter::ttl);

// In the order of how often they are wanted. To add an operation, add its route here, its service,
// and its stanza in docs/openapi.yaml.
constexpr std::array kRoutes{
    Route{.method = Method::get,
          .path = "/get?key=...",
          .service = get_value,
          .docs = "text-in-json"},
    Route{.method = Method::post,
          .path = "/put",
          .service = put_value,
          .docs = "text-in-json",
          .body = {PutRequest::begin, false}},
    Route{.method = Method::get,
          .path = "/v1/keys/{key}",
          .service = get_entry,
          .docs = "storing-and-getting",
          .parameters = kTtl},
    Route{.method = Method::put,
          .path = "/v1/keys/{key}",
          .service = put_entry,
          .docs = "storing-and-getting",
          .parameters = kTtl,
          .body = {ValueBody::begin}},
    Route{.method = Method::delete_,
          .path = "/v1/keys/{key}",
          .service = delete_entry,
          .docs = "deleting",
          .parameters = kNone},
    Route{.method = Method::post,
          .path = "/v1/keys/{key}/incr",
          .service = increment_entry,
          .docs = "counting",
          .parameters = ParameterSet(Parameter::by, Parameter::initial, Parameter::ttl)},
    Route{.method = Method::post,
          .path = "/v1/keys/{key}/append",
          .service = append_to_entry,
          .docs = "adding-to-a-value",
          .parameters = kNone,
          .body = {TextBody::begin, false}},
    Route{.method = Method::post,
          .path = "/v1/keys/{key}/prepend",
          .service = prepend_to_entry,
          .docs = "adding-to-a-value",
          .parameters = kNone,
          .body = {TextBody::begin, false}},
    Route{.method = Method::post,
          .path = "/v1/keys/{key}/touch",
          .service = touch_entry,
          .docs = "time-to-live",
          .parameters = kTtl},
    Route{.method = Method::post,
          .path = "/v1/keys/{key}/take",
          .service = take_entry,
          .docs = "taking",
          .parameters = kNone},
    Route{.method = Method::post,
          .path = "/v1/batch",
          .service = run_batch,
          .docs = "many-operations-in-one-request",
          .parameters = kNone,
          .body = {BatchBody::begin, false, kMaxBatchBytes, Error::batch_too_large}},
    Route{.method = Method::get,
          .path = "/v1/keys",
          .service = list_keys,
          .docs = "listing",
          .parameters = ParameterSet(Parameter::prefix, Parameter::limit, Parameter::cursor)},
    Route{.method = Method::delete_,
          .path = "/v1/keys",
          .service = delete_keys,
          .docs = "deleting",
          .parameters = ParameterSet(Parameter::prefix, Parameter::all)},
    Route{.method = Method::get,
          .path = "/health",
          .service = report_health,
          .docs = "the-daemon-itself"},
    Route{.method = Method::get,
          .path = "/v1/memory",
          .service = report_memory,
          .docs = "the-daemon-itself"},
    Route{.method = Method::get,
          .path = "/v1/stats",
          .service = report_stats,
          .docs = "the-daemon-itself"},
    Route{.method = Method::get,
          .path = "/openapi.yaml",
          .service = show_openapi,
          .docs = "the-daemon-itself"},
};

constexpr std::string_view kServer = "*";
constexpr Route kOptions{
    .method = Method::options, .path = "*", .service = report_options, .docs = "the-daemon-itself"};

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

// Where the segment begins that comes after as many slashes as `before` has; the end of the path
// where it has fewer.
std::size_t end_of_slashes(std::string_view path, std::string_view before) {
  std::size_t end = 0;
  for (auto left = std::count(before.begin(), before.end(), '/'); left > 0; --left) {
    end = std::min(path.find('/', end), path.size() - 1) + 1;
  }
  return end;
}

// `segment` becomes the one that is the key, if the route has one.
bool leads_to(const Target& target, const Route& route, std::string_view& segment) {
  const std::string_view path = target.path;
  const std::string_view before = route.path.before();
  if (route.path.key_source() != KeySource::path) return is_path(target, path, before);
  std::size_t begin = before.size();
  if (target.is_plain) {
    if (!path.starts_with(before)) return false;
  } else {
    begin = end_of_slashes(path, before);
    if (!is_same_path(path.substr(0, begin), before)) return false;
  }
  const std::size_t end = std::min(path.find('/', begin), path.size());
  segment = path.substr(begin, end - begin);
  return is_path(target, path.substr(end), route.path.behind());
}

bool is_v1(const Target& target) {
  const std::string_view path = target.path;
  if (target.is_plain) {
    return path.starts_with(kV1) && (path.size() == kV1.size() || path[kV1.size()] == '/');
  }
  return is_same_path(path.substr(0, std::min(path.find('/', 1), path.size())), kV1);
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
      const auto decoded = target.is_plain ? segment : decode_segment(segment, buffer);
      if (!decoded || decoded->size() > kMaxKeyBytes) return Error::key_too_long;
      key = *decoded;
    }
  }
  return check_key(key, limits);
}

}  // namespace

Operation find_operation(Method method, const Target& target, const Limits& limits,
                         KeyBuffer& buffer) noexcept {
  Operation operation;
  operation.is_v1 = is_v1(target);
  if (method == Method::unknown || method == Method::connect) {
    operation.error = Error::unknown_method;
    return operation;
  }
  if (is_badly_encoded(target)) {
    operation.error = Error::bad_escape;
    return operation;
  }
  operation.error = Error::unknown_path;
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
    operation.error = Error::none;
    operation.route = &kOptions;
    return operation;
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

std::span<const Route> routes() noexcept { return kRoutes; }

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
