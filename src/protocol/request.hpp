// A request whose head has been read.

#pragma once

#include <string_view>

#include <cubby/cache.hpp>

#include "protocol/head_rules.hpp"
#include "protocol/operation.hpp"

namespace cubby::protocol {

// The views are into the head, into the buffer that its key was decoded to, or to constants.
struct Request {
  RequestHead head;
  std::string_view text = {};  // the head as it was sent, with the empty line
  Operation operation;
  PreparedKey key;  // the operation's

  // After CONNECT the peer may go on in another protocol.
  bool asks_to_close() const noexcept { return !head.keep_alive || head.method == Method::connect; }

  // RFC 9112, section 6.1
  bool may_be_answered_in_chunks() const noexcept { return !head.http_1_0; }
};

}  // namespace cubby::protocol
