// One connection's side of HTTP/1.1, without the socket: bytes in, bytes out.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/context.hpp"
#include "protocol/error.hpp"
#include "protocol/large_body.hpp"

namespace cubby::protocol {

// Where a connection stands, for whoever decides how long its peer may take.
struct Progress {
  enum class Stage : std::uint8_t { between_requests, in_head, in_body, at_work };

  Stage stage = Stage::between_requests;
  std::uint32_t request = 0;  // another number for every request on the connection
  // Of the body in progress.
  std::uint64_t announced_bytes = 0;  // so far, when it comes in chunks
  std::uint64_t received_bytes = 0;
};

// Parses requests, runs them in order, and appends the replies.
//
// The caller owns the bytes: what receive() did not consume must be the beginning of the next
// call's input. A connection that has nothing in progress holds no memory beyond itself.
//
// Thread safety: none; a connection belongs to one thread. Never throws for what the peer sent.
class Connection {
 public:
  // `context` must outlive it.
  explicit Connection(const Context& context);
  ~Connection();
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) = delete;

  // Runs every whole request in `input`, appends the replies to `output` in request order, and
  // returns how many bytes of `input` it is done with. It returns with unconsumed input when the
  // rest is an incomplete head, when it has done enough at once or `output` ends in a large body
  // (then call again with the rest once all of it is sent, even when nothing is left), or when
  // finished() has become true (then the rest must be thrown away). The result does not depend
  // on how the peer's bytes are cut into calls.
  std::size_t receive(std::string_view input, std::string& output);

  // What is to be sent after the output of the last receive(). To be taken before the next.
  std::optional<LargeBody> take_large_body() noexcept;

  // receive() has left whole requests, perhaps, because there was enough output, or is in the
  // middle of one that takes long: it is to be called again, whether anything has arrived or not.
  bool has_more() const noexcept;

  // The connection must be closed once the output is sent: the peer asked for it, it broke the
  // protocol, or drain() was called and the last reply is made. Nothing more will be consumed.
  bool finished() const noexcept;

  // finished() came from refusing a request whose bytes may still be arriving: to let the peer read
  // the reply, shut down the sending side first and read the rest away for a moment, because
  // closing with unread bytes resets the connection (RFC 9112, section 9.6).
  bool should_linger() const noexcept;

  // A request has begun (its first byte has been seen) and has not been answered.
  bool in_request() const noexcept;

  Progress progress() const noexcept;

  // Answers the request that is in progress, or the one that has not begun, with the error and
  // without the rest of it; finished() is true then. `input` is what receive() did not consume.
  void give_up(Error error, std::string_view input, std::string& output);

  // Forgets the request that is in progress; finished() is true then.
  void abandon() noexcept;

  // Refuses the next request, which is the last, with too_many_connections.
  void turn_away() noexcept;

  // Bytes of the body of the request in progress that are still to come and will be kept; nothing
  // where the peer has not said how many there will be.
  std::optional<std::size_t> body_bytes_ahead() const noexcept;

  // A request has been answered with success.
  bool has_succeeded() const noexcept;

  // Memory of its own that the request in progress takes, beyond the connection itself.
  std::size_t memory_bytes() const noexcept;
  // Memory that it takes in the cache, which charges it already.
  std::size_t staged_bytes() const noexcept;

  // From now on replies carry "Connection: close" and the next one is the last; one that has begun
  // already, in chunks, is the last without saying so. When no request is
  // in progress, finished() becomes true at once.
  void drain() noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cubby::protocol
