// What the operations do. Plain functions over plain data: the cache in, a reply out.

#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include <cubby/cache.hpp>

#include "protocol/context.hpp"
#include "protocol/error.hpp"
#include "protocol/reply.hpp"

namespace cubby::protocol {

class BodyReader;
class Work;
struct Request;

// Everything is valid during the call only.
struct Call {
  const Context& context;
  const Request& request;
  std::string_view body;  // when it has arrived whole
  BodyReader* reader;     // otherwise the route's, which has taken the body; or null
  std::unique_ptr<Work>& work;
  bool& takes_turn;  // to be set by what takes long: others come before the next request
};

// Runs the operation. Writes the reply and returns Error::none, or writes nothing and returns what
// is wrong, or leaves a `work` that will do the rest.
using Service = Error (*)(const Call& call, Reply& reply);

// {"status":"OK","key":...,"value":...}. Errors: key_not_found, not_text.
Error get_value(const Call& call, Reply& reply);

// Stores what the body says, which is JSON. Errors: those of PutRequest.
Error put_value(const Call& call, Reply& reply);

// "OK" and a newline, as plain text.
Error report_health(const Call& call, Reply& reply);

// Which methods the path has, in the Allow field (RFC 9110, section 9.3.7); for a preflight, as
// Cors says.
Error report_options(const Call& call, Reply& reply);

// docs/openapi.yaml.
Error show_openapi(const Call& call, Reply& reply);

// Where the memory went, as one JSON object; see docs/operations.md.
Error report_memory(const Call& call, Reply& reply);

// What has been done since the beginning, likewise.
Error report_stats(const Call& call, Reply& reply);

}  // namespace cubby::protocol
