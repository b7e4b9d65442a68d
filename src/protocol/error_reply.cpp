#include "protocol/error_reply.hpp"

#include <string>
#include <string_view>

#include "protocol/problem.hpp"
#include "protocol/route.hpp"

namespace cubby::protocol {
namespace {

constexpr std::string_view kProblemType = "application/problem+json";

std::string fields_for(Error error, const Operation& operation) {
  if (error == Error::wrong_method) return "Allow: " + allowed_methods(operation.path) + "\r\n";
  if (error == Error::body_encoded) return "Accept-Encoding: identity\r\n";
  return status_of(error) == 503 ? "Retry-After: 1\r\n" : "";
}

}  // namespace

void send_error(Reply& reply, Error error, const Operation& operation, const Limits& limits) {
  std::string body;
  if (operation.is_v1) {
    body = "{";
    append_problem_members(body, error, limits);
    body.append("}");
  } else {
    body = R"({"status":"ERROR","message":")";
    append_detail(body, error, limits);
    body.append(R"("})");
  }
  reply.send(status_of(error), operation.is_v1 ? kProblemType : kJsonType, body,
             fields_for(error, operation));
}

}  // namespace cubby::protocol
