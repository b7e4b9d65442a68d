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

bool serves(const Route& route, Method method) {
  return route.method == method || (route.method == Method::get && method == Method::head);
}

void append_to_list(std::string& list, std::string_view item) {
  if (!list.empty()) list.append(", ");
  list.append(item);
}

}  // namespace

Operation find_operation(Method method, std::string_view path, std::string_view query,
                         const Limits& limits, KeyBuffer& buffer) noexcept {
  if (method == Method::unknown || method == Method::connect) return {Error::unknown_method};
  Operation operation{Error::unknown_path};
  for (const Route& route : kRoutes) {
    if (route.path != path) continue;
    operation = {serves(route, method) ? Error::none : Error::wrong_method, &route};
    if (operation.error == Error::none) break;
  }
  if (operation.error == Error::none && operation.route->argument == Argument::key_in_query) {
    operation.error = find_key(query, buffer, operation.key);
    if (operation.error == Error::none) operation.error = check_key(operation.key, limits);
  }
  return operation;
}

std::string allowed_methods(const Route& route) {
  std::string list;
  for (const Route& other : kRoutes) {
    if (other.path != route.path) continue;
    append_to_list(list, name_of(other.method));
    if (other.method == Method::get) append_to_list(list, name_of(Method::head));
  }
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
