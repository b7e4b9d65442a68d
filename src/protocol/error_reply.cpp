#include "protocol/error_reply.hpp"

#include <string>

namespace cubby::protocol {

void send_error(Reply& reply, const Operation& operation, const Limits& limits) {
  std::string body = R"({"status":"ERROR","message":")";
  append_message(body, operation.error, limits);
  if (operation.error == Error::unknown_path) {
    body.append(" There are: ").append(describe_routes()).append(".");
  }
  body.append(R"("})");
  std::string fields;
  if (operation.error == Error::wrong_method) {
    fields = "Allow: " + allowed_methods(operation.path) + "\r\n";
  }
  if (status_of(operation.error) == 503) fields = "Retry-After: 1\r\n";
  if (operation.error == Error::body_encoded) fields = "Accept-Encoding: identity\r\n";
  reply.send(status_of(operation.error), kJsonType, body, fields);
}

}  // namespace cubby::protocol
