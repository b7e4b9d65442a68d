// The system calls that a connection's bytes go through, and nothing else.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace cubby::server {

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&&) = delete;

  int get() const noexcept { return fd_; }
  bool valid() const noexcept { return fd_ >= 0; }

  // Gives the ownership up.
  int release() noexcept;

  // Closes it now.
  void close() noexcept;

 private:
  int fd_;
};

enum class IoStatus : std::uint8_t {
  done,         // some bytes were moved
  would_block,  // nothing to read now, or no room to write
  end,          // the peer will send no more
  failed,       // the connection is broken
};

struct IoResult {
  IoStatus status = IoStatus::failed;
  std::size_t bytes = 0;
};

// One read of what has arrived. Never blocks, whatever mode the socket is in.
IoResult read_some(int fd, std::span<char> buffer) noexcept;

// One write of as much of `bytes` as the kernel takes. Never blocks and never raises SIGPIPE.
IoResult write_some(int fd, std::string_view bytes) noexcept;

// Likewise of several pieces, at most kMostPieces, in order.
inline constexpr std::size_t kMostPieces = 8;
IoResult write_some(int fd, std::span<const std::string_view> pieces) noexcept;

// Tells the peer that no more will be sent.
void end_writing(int fd) noexcept;

// Of the bytes that were written, how many the peer has not acknowledged.
std::size_t unacknowledged_bytes(int fd) noexcept;

// Closing resets the connection from now on, and frees what the kernel holds for a peer that does
// not take it.
void reset_when_closed(int fd) noexcept;

// Sends small replies at once instead of waiting for more to send with them (TCP_NODELAY).
// Connections inherit it from the listening socket.
void send_without_delay(int fd) noexcept;

// How much the kernel keeps of what a peer's window has no place for yet, on each connection.
inline constexpr int kMostUnsentBytes = 128 << 10;

// Keeps the kernel from buffering more than that (TCP_NOTSENT_LOWAT, tcp(7)). Connections inherit
// it from the listening socket.
void limit_unsent(int fd) noexcept;

// An IPv6 address in network order; IPv4 addresses are mapped (RFC 4291, section 2.5.5.2).
using IpAddress = std::array<std::uint8_t, 16>;

// Takes the next connection from a listening socket's backlog, and sets where it is from. Invalid,
// with errno set, when there is none or the attempt failed. Never blocks when the listening socket
// is non-blocking.
Descriptor accept_connection(int listening_fd, IpAddress& from) noexcept;

}  // namespace cubby::server
