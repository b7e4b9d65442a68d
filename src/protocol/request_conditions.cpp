#include "protocol/request_conditions.hpp"

namespace cubby::protocol {

bool has_conditions(const Request& request) noexcept {
  return request.head.has(Field::if_match) || request.head.has(Field::if_none_match);
}

Error read_conditions(const Request& request, Conditions& conditions) {
  return has_conditions(request) ? read_conditions(request.text, conditions) : Error::none;
}

Ruling rule_on_untagged(const Request& request) {
  Conditions conditions;
  if (const Error error = read_conditions(request, conditions); error != Error::none) {
    return {.error = error};
  }
  const Method method = request.head.method;
  return rule_on(conditions.judge_untagged(), method == Method::get || method == Method::head);
}

}  // namespace cubby::protocol
