#include "protocol/error_reply.hpp"

#include <string>

#include "protocol/route.hpp"

namespace cubby::protocol {

void send_error(Reply& reply, Error error, const Operation& operation, const Limits& limits) {
  std::string body = R"({"status":"ERROR","message":")";
  append_message(body, error, limits);
  if (error == Error::unknown_path) {
    body.append(" There are: ").append(describe_routes()).append(".");
  }
  body.append(R"("})");
  std::string fields;
  if (error == Error::wrong_method) {
    fields = "Allow: " + allowed_methods(operation.path) + "\r\n";
  }
  if (status_of(error) == 503) fields = "Retry-After: 1\r\n";
  if (error == Error::body_encoded) fields = "Accept-Encoding: identity\r\n";
  reply.send(status_of(error), kJsonType, body, fields);
}

}  // namespace cubby::protocol
