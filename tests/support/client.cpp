#include "support/client.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cubby::test {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::system_category(), what);
}

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

AddressList resolve(const Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  if (getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found) != 0) {
    throw std::runtime_error("cannot resolve " + address.host);
  }
  return {found, &freeaddrinfo};
}

int open_socket(int family) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

bool ready(int fd, short events, std::chrono::milliseconds patience) {
  pollfd entry{fd, events, 0};
  int count = 0;
  do {
    count = ::poll(&entry, 1, static_cast<int>(patience.count()));
  } while (count < 0 && errno == EINTR);
  if (count < 0) fail("poll");
  return count > 0;
}

}  // namespace

Address parse_address(std::string_view text) {
  const auto colon = text.rfind(':');
  Address address;
  const auto digits = text.substr(colon + 1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (colon == std::string_view::npos || error != std::errc{} ||
      end != digits.data() + digits.size()) {
    throw std::invalid_argument("not host:port: " + std::string(text));
  }
  address.host = text.substr(0, colon);
  if (address.host.starts_with('[') && address.host.ends_with(']')) {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  return address;
}

Client::Client(const Address& address) : fd_(open_socket(resolve(address)->ai_family)) {
  try {
    connect(address);
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

Client::~Client() {
  if (fd_ >= 0) ::close(fd_);
}

Client::Client(Client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}

Client Client::unconnected(int receive_buffer_bytes) {
  Client client(open_socket(AF_INET));
  if (receive_buffer_bytes > 0) {
    ::setsockopt(client.fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                 sizeof receive_buffer_bytes);
  }
  return client;
}

void Client::connect(const Address& address) {
  const auto found = resolve(address);
  if (::connect(fd_, found->ai_addr, found->ai_addrlen) != 0) fail("connect");
}

void Client::wait(short events) {
  if (!ready(fd_, events, kPatience)) throw std::runtime_error("the server took too long");
}

void Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    wait(POLLOUT);
    bytes.remove_prefix(send_some(bytes));
  }
}

std::size_t Client::send_some(std::string_view bytes) {
  const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno != EAGAIN && errno != EINTR) fail("send");
  return 0;
}

std::size_t Client::send_until_blocked(std::string_view pattern, std::size_t limit,
                                       std::chrono::milliseconds patience) {
  std::size_t sent = 0;
  while (sent < limit && ready(fd_, POLLOUT, patience)) {
    sent += send_some(pattern.substr(sent % pattern.size()));
  }
  return sent;
}

Client::Fill Client::fill() {
  wait(POLLIN);
  std::array<char, 65536> block;
  const ssize_t got = ::recv(fd_, block.data(), block.size(), 0);
  if (got < 0) fail("recv");
  buffer_.append(block.data(), static_cast<std::size_t>(got));
  return got == 0 ? Fill::end : Fill::some;
}

ReceivedReply Client::receive(bool to_head) {
  std::optional<ReceivedReply> reply;
  while (!(reply = read_reply(buffer_, to_head))) {
    if (fill() == Fill::end) {
      throw std::runtime_error("the server closed the connection in place of a reply, after \"" +
                               buffer_.substr(0, 1000) + "\"");
    }
  }
  buffer_.erase(0, reply->size);
  return *std::move(reply);
}

ReceivedReply Client::exchange(std::string_view request) {
  send(request);
  return receive();
}

std::string_view Client::receive_some() {
  buffer_.clear();
  fill();
  return buffer_;
}

void Client::end_writing() { ::shutdown(fd_, SHUT_WR); }

void Client::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(fd_, -1));
}

std::string Client::receive_all() {
  while (fill() != Fill::end) {
  }
  return std::exchange(buffer_, {});
}

bool Client::closed_by_peer() {
  if (!buffer_.empty()) return false;
  try {
    return fill() == Fill::end;
  } catch (const std::system_error& error) {
    return error.code() == std::errc::connection_reset;
  }
}

bool Client::readable_within(std::chrono::milliseconds patience) {
  return !buffer_.empty() || ready(fd_, POLLIN, patience);
}

std::string get(std::string_view target) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: cubby\r\n\r\n";
}

std::string put(std::string_view key, std::string_view value) {
  std::string body =
      R"({"key":")" + std::string(key) + R"(","value":")" + std::string(value) + "\"}";
  return "POST /put HTTP/1.1\r\nHost: cubby\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

bool says_close(const ReceivedReply& reply) { return reply.field("Connection") == "close"; }

}  // namespace cubby::test
