#include "server/socket_io.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace cubby::server {
namespace {

IoResult result_of(ssize_t moved) noexcept {
  if (moved > 0) return {IoStatus::done, static_cast<std::size_t>(moved)};
  if (moved == 0) return {IoStatus::end, 0};
  const bool later = errno == EAGAIN || errno == EWOULDBLOCK;
  return {later ? IoStatus::would_block : IoStatus::failed, 0};
}

IpAddress ip_address(const sockaddr_storage& address) noexcept {
  IpAddress ip{};
  if (address.ss_family == AF_INET6) {
    std::memcpy(ip.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, ip.size());
  } else {
    constexpr std::size_t kPrefixBytes = 12;
    ip[kPrefixBytes - 2] = ip[kPrefixBytes - 1] = 0xff;
    std::memcpy(ip.data() + kPrefixBytes, &reinterpret_cast<const sockaddr_in&>(address).sin_addr,
                ip.size() - kPrefixBytes);
  }
  return ip;
}

}  // namespace

Descriptor::~Descriptor() { close(); }

void Descriptor::close() noexcept {
  if (fd_ >= 0) ::close(release());
}

int Descriptor::release() noexcept { return std::exchange(fd_, -1); }

IoResult read_some(int fd, std::span<char> buffer) noexcept {
  ssize_t moved = 0;
  do {
    moved = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  } while (moved < 0 && errno == EINTR);
  return result_of(moved);
}

IoResult write_some(int fd, std::string_view bytes) noexcept {
  ssize_t moved = 0;
  do {
    moved = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (moved < 0 && errno == EINTR);
  return result_of(moved);
}

IoResult write_some(int fd, std::span<const std::string_view> pieces) noexcept {
  assert(pieces.size() <= kMostPieces);
  std::array<iovec, kMostPieces> vectors;
  std::transform(pieces.begin(), pieces.end(), vectors.begin(), [](std::string_view piece) {
    return iovec{const_cast<char*>(piece.data()), piece.size()};
  });
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = pieces.size();
  ssize_t moved = 0;
  do {
    moved = ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (moved < 0 && errno == EINTR);
  return result_of(moved);
}

void end_writing(int fd) noexcept { ::shutdown(fd, SHUT_WR); }

std::size_t unacknowledged_bytes(int fd) noexcept {
  int bytes = 0;
  if (::ioctl(fd, SIOCOUTQ, &bytes) != 0) return 0;
  return static_cast<std::size_t>(bytes);
}

void reset_when_closed(int fd) noexcept {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void send_without_delay(int fd) noexcept {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void limit_unsent(int fd) noexcept {
  ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kMostUnsentBytes, sizeof kMostUnsentBytes);
}

Descriptor accept_connection(int listening_fd, IpAddress& from) noexcept {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  int fd = -1;
  do {
    fd = ::accept4(listening_fd, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  if (fd >= 0) from = ip_address(peer);
  return Descriptor(fd);
}

}  // namespace cubby::server
