// Puts many entries as fast as a server takes them: pipelined, over several connections.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "support/client.hpp"

namespace cubby::test {

struct Put {
  std::uint64_t key = 0;  // a number of at most twelve digits
  std::size_t value_bytes = 0;
  std::chrono::milliseconds ttl{0};  // 0 means that the request has none
};

inline constexpr std::size_t kLoadKeyBytes = 16;
inline constexpr std::size_t kMaxLoadValueBytes = std::size_t{1} << 20;

// The key of that number, as it is put.
std::string load_key(std::uint64_t number);

// Makes put(0) to put(count - 1), each once and roughly in that order, over `connections` with a
// thread each; `put` is called by all of them. Each connection has at most some 100 kB of requests
// under way, or one request. Returns when every request has been answered. Throws
// std::runtime_error when one was answered with anything but 200, or not at all.
void put_all(const Address& address, std::uint64_t count,
             const std::function<Put(std::uint64_t index)>& put, std::size_t connections = 2);

}  // namespace cubby::test
