// A small blocking HTTP client for tests: what is sent is exact bytes, what comes back is parsed.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "support/reply_reader.hpp"

namespace cubby::test {

// How long any single wait may take before the test fails.
inline constexpr std::chrono::seconds kPatience{20};

struct Address {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
};

// Reads "host:port" and "[v6]:port". Throws std::invalid_argument.
Address parse_address(std::string_view text);

// Every member function throws std::runtime_error when the peer does something else than what was
// asked for, or when it takes longer than kPatience.
class Client {
 public:
  explicit Client(const Address& address);
  explicit Client(std::uint16_t port) : Client(Address{.port = port}) {}
  ~Client();
  Client(Client&& other) noexcept;
  Client& operator=(Client&&) = delete;

  // A socket that is not connected yet, for tests that are about file descriptors. It can be told
  // to receive through a small buffer, which must be set before it connects; 0 leaves the default.
  static Client unconnected(int receive_buffer_bytes = 0);
  void connect(const Address& address);

  // Sends everything.
  void send(std::string_view bytes);
  // Sends what the kernel takes without waiting; returns how much that was.
  std::size_t send_some(std::string_view bytes);
  // Sends until the peer's and the own buffers are full and stay so for `patience`, at most `limit`
  // bytes. Returns how much that was.
  std::size_t send_until_blocked(std::string_view pattern, std::size_t limit,
                                 std::chrono::milliseconds patience);

  // The next reply, which may be an interim one. `to_head` says that it has no body.
  ReceivedReply receive(bool to_head = false);
  ReceivedReply exchange(std::string_view request);

  // What arrives next, as it is: at least a byte, but nothing at the peer's orderly end. Valid
  // until the next call. Not to be mixed with receive(), which reads ahead.
  std::string_view receive_some();

  // Half-closes: no more is going to be sent.
  void end_writing();
  // Closes with a reset instead of an orderly end.
  void reset();

  // Everything up to the peer's orderly end.
  std::string receive_all();
  // Waits for the peer to close: true when it did without sending anything more, in order or by a
  // reset.
  bool closed_by_peer();
  // Something (or the end) can be read within `patience`.
  bool readable_within(std::chrono::milliseconds patience);

 private:
  enum class Fill { some, end };

  explicit Client(int fd) : fd_(fd) {}
  void wait(short events);
  Fill fill();

  int fd_;
  std::string buffer_;
};

// Requests. The key and the value must need no escaping in JSON.
std::string get(std::string_view target);
std::string put(std::string_view key, std::string_view value);

bool says_close(const ReceivedReply& reply);

}  // namespace cubby::test
