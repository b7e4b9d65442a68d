// Reads HTTP replies out of bytes, for tests: strict where a client could be.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cubby::test {

struct ReceivedReply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  std::size_t size = 0;  // of the whole reply, in bytes

  // The value of the first field of that name, in any case.
  std::optional<std::string> field(std::string_view name) const;
};

// Reads the reply at the beginning of `bytes`. Nothing when it is not whole yet. Throws
// std::runtime_error when it is not a reply at all. `to_head` says that there is no body.
std::optional<ReceivedReply> read_reply(std::string_view bytes, bool to_head = false);

// `bytes` without interim replies (1xx): whether there is one depends on how fast a body arrives.
std::string without_interim_replies(std::string_view bytes);

}  // namespace cubby::test
