// What cubbyd answers to what, as one table. It knows bytes only, so that it can be run against a
// connection in this process or against any address over a socket.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/reply_reader.hpp"

namespace cubby::test {

struct ExpectedReply {
  int status = 200;
  // The exact body; nothing means any JSON of the shape {"status":"ERROR","message":"..."}.
  std::optional<std::string> body;
  // Fields that must be there with exactly this value.
  std::vector<std::pair<std::string, std::string>> fields;
  // The request was HEAD: `body` is what Content-Length speaks of, and there is none.
  bool to_head = false;
};

// One connection's conversation. A runner opens a connection, sends each of `setup` and reads its
// reply (a 200), then sends `request`. If `body_after_interim` is not empty it must then be
// answered with a 100 (Continue), and the runner sends that body. Then it reads one reply for each
// of `replies`, and the end of the connection if it `closes`; otherwise the connection stays open,
// and nothing more arrives on it.
struct ContractCase {
  std::string name;                    // an identifier
  std::vector<std::string> setup;      // requests, one after the other
  std::string request;                 // bytes: one request or several
  std::vector<ExpectedReply> replies;  // in order
  bool closes = false;                 // the server ends the connection after the last reply
  std::string body_after_interim;      // empty when there is none
};

// Every case. They use the default limits and keys that begin with "contract:", so they can share
// one server, in any order.
const std::vector<ContractCase>& contract_cases();

// What of `reply` is not as expected, one line a difference; empty when all is. Checks Date,
// Content-Length and Content-Type too.
std::string differences(const ExpectedReply& expected, const ReceivedReply& reply);

}  // namespace cubby::test
