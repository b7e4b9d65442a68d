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

std::size_t one_value(const Limits& limits) { return limits.max_value_bytes; }
std::size_t one_batch(const Limits& limits) { return limits.max_batch_bytes; }

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
          .body = {.begin = PutRequest::begin, .may_be_encoded = false}},
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
          .body = {.begin = ValueBody::begin,
                   .max_bytes = one_value,
                   .too_large = Error::value_too_large}},
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
          .body = {.begin = TextBody::begin,
                   .may_be_encoded = false,
                   .max_bytes = one_value,
                   .too_large = Error::value_too_large}},
    Route{.method = Method::post,
          .path = "/v1/keys/{key}/prepend",
          .service = prepend_to_entry,
          .docs = "adding-to-a-value",
          .parameters = kNone,
          .body = {.begin = TextBody::begin,
                   .may_be_encoded = false,
                   .max_bytes = one_value,
                   .too_large = Error::value_too_large}},
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
          .body = {.begin = BatchBody::begin,
                   .may_be_encoded = false,
                   .max_bytes = one_batch,
                   .too_large = Error::batch_too_large}},
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

// What is before a key, wherever one is in a path.
constexpr std::string_view kKeysPath = "/v1/keys/";

// A path with the route of each method that it has.
struct Path {
  RoutePath path = "";
  bool is_v1 = false;
  std::array<const Route*, kMethodCount> routes{};

  constexpr const Route*& route_of(Method method) {
    return routes[static_cast<std::size_t>(method)];
  }
  constexpr const Route* route_of(Method method) const {
    return routes[static_cast<std::size_t>(method)];
  }
};

// The paths of all routes, in their order, those with a key behind the others.
struct Paths {
  std::array<Path, kRoutes.size()> paths{};
  std::size_t fixed = 0;
  std::size_t all = 0;

  constexpr std::span<const Path> without_key() const { return {paths.data(), fixed}; }
  constexpr std::span<const Path> with_key() const { return {paths.data() + fixed, all - fixed}; }
};

constexpr Path& path_named(Paths& paths, const RoutePath& path) {
  for (std::size_t i = 0; i < paths.all; ++i) {
    if (paths.paths[i].path.text() == path.text()) return paths.paths[i];
  }
  Path& added = paths.paths[paths.all++];
  added.path = path;
  added.is_v1 = path.text().starts_with("/v1/");
  added.route_of(Method::options) = &kOptions;
  return added;
}

constexpr bool has_key_and_prefix(const Route& route) {
  return route.path.key_source() != KeySource::none && route.parameters &&
         route.parameters->has(Parameter::prefix);
}

constexpr void add_routes(Paths& paths, bool with_key) {
  for (const Route& route : kRoutes) {
    if ((route.path.key_source() == KeySource::path) != with_key) continue;
    Path& path = path_named(paths, route.path);
    // Is evaluated by the compiler, which takes none of these.
    if (path.route_of(route.method) != nullptr) throw "a path has a method twice";
    if (!with_key && route.path.text().starts_with(kKeysPath)) throw "a key hides a path";
    if (has_key_and_prefix(route)) throw "a key and a prefix are decoded into one buffer";
    path.route_of(route.method) = &route;
    if (route.method == Method::get) path.route_of(Method::head) = &route;
  }
}

constexpr Paths kPaths = [] {
  Paths paths;
  add_routes(paths, false);
  paths.fixed = paths.all;
  add_routes(paths, true);
  return paths;
}();

static_assert(std::all_of(kPaths.with_key().begin(), kPaths.with_key().end(),
                          [](const Path& path) { return path.path.before() == kKeysPath; }));

bool is_badly_encoded(const Target& target) {
  return !target.is_plain && (has_bad_escape(target.path) || has_bad_escape(target.query));
}

bool is_path(const Target& target, std::string_view sent, std::string_view plain) {
  return target.is_plain ? sent == plain : is_same_path(sent, plain);
}

// Where the segment begins that comes after as many slashes as kKeysPath has; the end of the path
// where it has fewer.
std::size_t end_of_slashes(std::string_view path) {
  std::size_t end = 0;
  for (auto left = std::count(kKeysPath.begin(), kKeysPath.end(), '/'); left > 0; --left) {
    end = std::min(path.find('/', end), path.size() - 1) + 1;
  }
  return end;
}

// Where the segment begins that is a key; npos where none is.
std::size_t begin_of_key(const Target& target) {
  if (target.is_plain) {
    return target.path.starts_with(kKeysPath) ? kKeysPath.size() : std::string_view::npos;
  }
  const std::size_t begin = end_of_slashes(target.path);
  return is_same_path(target.path.substr(0, begin), kKeysPath) ? begin : std::string_view::npos;
}

// Null where there is none. `segment` becomes the one that is the key, if the path has one.
const Path* find_path(const Target& target, std::string_view& segment) {
  const std::string_view path = target.path;
  const std::size_t begin = begin_of_key(target);
  if (begin == std::string_view::npos) {
    for (const Path& each : kPaths.without_key()) {
      if (is_path(target, path, each.path.text())) return &each;
    }
    return nullptr;
  }
  const std::size_t end = std::min(path.find('/', begin), path.size());
  segment = path.substr(begin, end - begin);
  for (const Path& each : kPaths.with_key()) {
    if (is_path(target, path.substr(end), each.path.behind())) return &each;
  }
  return nullptr;
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
  return target.is_plain ? check_ascii_key(key, limits) : check_key(key, limits);
}

// Finds the path and the route. Errors: unknown_method, bad_escape, unknown_path, wrong_method.
Error find_route(Method method, const Target& target, Operation& operation,
                 std::string_view& segment) {
  const bool is_method = method != Method::unknown && method != Method::connect;
  const bool is_good = is_method && !is_badly_encoded(target);
  const Path* const path = is_good ? find_path(target, segment) : nullptr;
  operation.is_v1 = path != nullptr ? path->is_v1 : is_of_v1(target);
  if (!is_method) return Error::unknown_method;
  if (!is_good) return Error::bad_escape;
  if (path != nullptr) {
    operation.path = path->path.text();
    operation.route = path->route_of(method);
    return operation.route == nullptr ? Error::wrong_method : Error::none;
  }
  if (method != Method::options || target.path != kServer) return Error::unknown_path;
  operation.path = kServer;
  operation.route = &kOptions;
  return Error::none;
}

}  // namespace

void find_operation(Method method, const Target& target, const Limits& limits, KeyBuffer& buffer,
                    Operation& operation) noexcept {
  std::string_view segment;
  operation.error = find_route(method, target, operation, segment);
  if (operation.error != Error::none) return;
  const Route& route = *operation.route;
  operation.error = find_key_of(route, target, segment, limits, buffer, operation.key);
  if (operation.error == Error::none && route.parameters && !target.query.empty()) {
    operation.error =
        read_parameters(target.query, *route.parameters, limits, buffer, operation.parameters);
  }
}

bool is_of_v1(const Target& target) noexcept {
  const std::string_view path = target.path;
  return is_path(target, path.substr(0, std::min(path.find('/', 1), path.size())), kV1);
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
