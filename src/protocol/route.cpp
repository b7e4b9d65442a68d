#include "protocol/route.hpp"

#include <array>

#include "protocol/key.hpp"

namespace cubby::protocol {
namespace {

constexpr std::array kRoutes{
    Route{Method::get, "/get", Argument::key_in_query, get_value},
    Route{Method::post, "/put", Argument::body, put_value},
    Route{Method::get, "/health", Argument::nothing, report_health},
    Route{Method::get, "/v1/memory", Argument::nothing, report_memory},
    Route{Method::get, "/v1/stats", Argument::nothing, report_stats},
};

constexpr std::string_view kServer = "*";
constexpr Route kOptions{Method::options, kServer, Argument::nothing, report_options};

bool serves(const Route& route, Method method) {
  return route.method == method || (route.method == Method::get && method == Method::head);
}

bool is_badly_encoded(const Target& target) {
  return !target.is_plain && (has_bad_escape(target.path) || has_bad_escape(target.query));
}

bool leads_to(const Target& target, const Route& route) {
  return target.is_plain ? target.path == route.path : is_same_path(target.path, route.path);
}

void append_to_list(std::string& list, std::string_view item) {
  if (!list.empty()) list.append(", ");
  list.append(item);
}

// No method's name is part of another's.
void append_method(std::string& list, Method method) {
  if (list.find(name_of(method)) == std::string::npos) append_to_list(list, name_of(method));
}

}  // namespace

Operation find_operation(Method method, const Target& target, const Limits& limits,
                         KeyBuffer& buffer) noexcept {
  if (method == Method::unknown || method == Method::connect) return {Error::unknown_method};
  if (is_badly_encoded(target)) return {Error::bad_escape};
  Operation operation{Error::unknown_path};
  if (target.path == kServer) operation.path = kServer;
  for (const Route& route : kRoutes) {
    if (!leads_to(target, route)) continue;
    operation.path = route.path;
    operation.error = Error::wrong_method;
    if (!serves(route, method)) continue;
    operation.error = Error::none;
    operation.route = &route;
    break;
  }
  if (method == Method::options && !operation.path.empty())
    return {Error::none, &kOptions, operation.path};
  if (operation.error == Error::none && operation.route->argument == Argument::key_in_query) {
    operation.error = find_key(target, buffer, operation.key);
    if (operation.error == Error::none) operation.error = check_key(operation.key, limits);
  }
  return operation;
}

std::string allowed_methods(std::string_view path) {
  std::string list;
  for (const Route& route : kRoutes) {
    if (route.path != path && path != kServer) continue;
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
    list.append(" ").append(route.path);
    if (route.argument == Argument::key_in_query) list.append("?key=...");
  }
  return list;
}

}  // namespace cubby::protocol
