#include "app/healthcheck.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/values.hpp"

namespace cubby::app {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

std::string failure(std::string_view what, int error) {
  return std::string(what) + ": " + std::generic_category().message(error);
}

class Socket {
 public:
  explicit Socket(int family)
      : descriptor_(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int get() const noexcept { return descriptor_; }

  // False when nothing happened before the deadline.
  bool wait(short events, Deadline deadline) const {
    while (true) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0) return false;
      pollfd entry{descriptor_, events, 0};
      const int ready = poll(&entry, 1, static_cast<int>(std::min<long>(left.count(), 60'000)));
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return false;
    }
  }

 private:
  int descriptor_;
};

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  int family = AF_UNSPEC;
};

Address loopback_instead_of_any(const std::string& host, std::uint16_t port) {
  Address address;
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    address.family = v6->sin6_family = AF_INET6;
    address.length = sizeof(sockaddr_in6);
    v6->sin6_port = htons(port);
    if (IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr)) v6->sin6_addr = in6addr_loopback;
    return address;
  }
  const std::string numeric = host == "localhost" ? "127.0.0.1" : host;
  if (inet_pton(AF_INET, numeric.c_str(), &v4->sin_addr) == 1) {
    address.family = v4->sin_family = AF_INET;
    address.length = sizeof(sockaddr_in);
    v4->sin_port = htons(port);
    if (v4->sin_addr.s_addr == htonl(INADDR_ANY)) v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  return address;
}

std::string connect_to(const Socket& socket, const Address& address, Deadline deadline) {
  const auto* const name = reinterpret_cast<const sockaddr*>(&address.storage);
  if (connect(socket.get(), name, address.length) == 0) return "";
  if (errno != EINPROGRESS) return failure("cannot connect", errno);
  if (!socket.wait(POLLOUT, deadline)) return "no connection in time";
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  return error == 0 ? "" : failure("cannot connect", error);
}

std::string send_all(const Socket& socket, std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN && errno != EINTR) {
      return failure("cannot send", errno);
    } else if (!socket.wait(POLLOUT, deadline)) {
      return "could not send in time";
    }
  }
  return "";
}

// A daemon that has as many connections as it may have is well: who restarts it loses what it
// holds.
bool is_crowded(const std::string& reply) {
  return reply.starts_with("HTTP/1.1 503 ") && reply.find("\r\nRetry-After: ") != std::string::npos;
}

// Nothing but the head is looked at.
std::string expect_ok(const Socket& socket, Deadline deadline) {
  constexpr std::size_t kLongestHead = 4096;
  std::string reply;
  std::array<char, 512> buffer;
  while (reply.find("\r\n\r\n") == std::string::npos && reply.size() < kLongestHead) {
    const ssize_t count = recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (count > 0) {
      reply.append(buffer.data(), static_cast<std::size_t>(count));
    } else if (count == 0) {
      break;
    } else if (errno != EAGAIN && errno != EINTR) {
      return failure("cannot receive", errno);
    } else if (!socket.wait(POLLIN, deadline)) {
      return "no answer in time";
    }
  }
  if (reply.starts_with("HTTP/1.1 200 ") || is_crowded(reply)) return "";
  return "the answer was " + in_quotes(reply.substr(0, reply.find_first_of("\r\n")));
}

}  // namespace

std::string check_health(const std::string& host, std::uint16_t port,
                         std::chrono::milliseconds timeout) {
  const Deadline deadline = std::chrono::steady_clock::now() + timeout;
  const Address address = loopback_instead_of_any(host, port);
  if (address.family == AF_UNSPEC) return in_quotes(host) + " is not an address";
  const Socket socket(address.family);
  if (socket.get() < 0) return failure("cannot make a socket", errno);
  std::string problem = connect_to(socket, address, deadline);
  if (problem.empty()) {
    problem = send_all(
        socket, "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", deadline);
  }
  if (problem.empty()) problem = expect_ok(socket, deadline);
  return problem;
}

}  // namespace cubby::app
