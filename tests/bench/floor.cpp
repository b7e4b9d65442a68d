// The least that answering HTTP can cost on this kernel: one epoll loop a thread, and beside recv
// and send only what it takes to know where a request ends. Every request is answered with 200 and
// the same body. What a server that does real work uses beyond this is its own doing.
//
//   floor PORT THREADS BODY_BYTES

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr int kBacklog = 4096;
constexpr std::size_t kReadBytes = std::size_t{64} << 10;
constexpr std::string_view kEndOfHead = "\r\n\r\n";
constexpr std::string_view kLength = "Content-Length: ";

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::system_category(), what);
}

template <class Number>
Number number_of(std::string_view text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string reply_with(std::size_t body_bytes) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body_bytes) + "\r\n\r\n" + std::string(body_bytes, 'x');
}

struct Connection {
  std::string head;            // of a request that has not arrived whole
  std::size_t body_bytes = 0;  // still to come of the request before
  std::string unsent;
  std::size_t sent_bytes = 0;  // of unsent
};

// One thread's part: a socket that it accepts from and the connections that it accepted.
class Loop {
 public:
  Loop(std::uint16_t port, std::string reply)
      : reply_(std::move(reply)), listener_(listen(port)), epoll_(::epoll_create1(0)) {
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> events{};
    for (;;) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.fd == listener_) {
          accept_all();
        } else if ((event.events & EPOLLOUT) != 0) {
          send_rest(event.data.fd);
        } else {
          serve(event.data.fd);
        }
      }
    }
  }

 private:
  static int listen(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("bind");
    if (::listen(fd, kBacklog) != 0) fail("listen");
    return fd;
  }

  void watch(int fd, std::uint32_t events, int operation) const {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (::epoll_ctl(epoll_, operation, fd, &event) != 0) fail("epoll_ctl");
  }

  Connection& of(int fd) { return connections_[static_cast<std::size_t>(fd)]; }

  void accept_all() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      if (connections_.size() <= static_cast<std::size_t>(fd)) {
        connections_.resize(static_cast<std::size_t>(fd) * 2);
      }
      of(fd) = {};
      watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  void serve(int fd) {
    const ssize_t received = ::recv(fd, buffer_.data(), buffer_.size(), 0);
    if (received <= 0) {
      ::close(fd);
      return;
    }
    output_.clear();
    take(of(fd), {buffer_.data(), static_cast<std::size_t>(received)});
    if (!output_.empty()) send(fd);
  }

  // Appends a reply to output_ for each request that these bytes complete.
  void take(Connection& connection, std::string_view bytes) {
    std::string joined;
    if (!connection.head.empty()) {
      joined = std::move(connection.head);
      connection.head.clear();
      joined += bytes;
      bytes = joined;
    }
    while (!bytes.empty()) {
      if (connection.body_bytes > 0) {
        const std::size_t part = std::min(connection.body_bytes, bytes.size());
        connection.body_bytes -= part;
        bytes.remove_prefix(part);
        if (connection.body_bytes == 0) output_ += reply_;
        continue;
      }
      const std::size_t end = bytes.find(kEndOfHead);
      if (end == std::string_view::npos) {
        connection.head = bytes;
        return;
      }
      if (bytes.front() == 'P') connection.body_bytes = length_in(bytes.substr(0, end));
      if (connection.body_bytes == 0) output_ += reply_;
      bytes.remove_prefix(end + kEndOfHead.size());
    }
  }

  static std::size_t length_in(std::string_view head) {
    const std::size_t at = head.find(kLength);
    return at == std::string_view::npos ? 0
                                        : number_of<std::size_t>(head.substr(at + kLength.size()));
  }

  void send(int fd) {
    const ssize_t sent = ::send(fd, output_.data(), output_.size(), MSG_NOSIGNAL);
    const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    if (taken == output_.size()) return;
    of(fd).unsent.assign(output_, taken);
    of(fd).sent_bytes = 0;
    watch(fd, EPOLLOUT, EPOLL_CTL_MOD);
  }

  void send_rest(int fd) {
    Connection& connection = of(fd);
    const std::string_view rest = std::string_view(connection.unsent).substr(connection.sent_bytes);
    const ssize_t sent = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN) ::close(fd);
      return;
    }
    connection.sent_bytes += static_cast<std::size_t>(sent);
    if (connection.sent_bytes < connection.unsent.size()) return;
    connection.unsent.clear();
    watch(fd, EPOLLIN, EPOLL_CTL_MOD);
  }

  const std::string reply_;
  const int listener_;
  const int epoll_;
  std::array<char, kReadBytes> buffer_{};
  std::string output_;
  std::vector<Connection> connections_{1024};  // by descriptor
};

void run(std::uint16_t port, unsigned threads, std::size_t body_bytes) {
  std::vector<std::unique_ptr<Loop>> loops;
  for (unsigned i = 0; i < threads; ++i) {
    loops.push_back(std::make_unique<Loop>(port, reply_with(body_bytes)));
  }
  std::vector<std::jthread> running;
  for (const auto& loop : loops) running.emplace_back([&loop] { loop->run(); });
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 4) throw std::runtime_error("usage: floor PORT THREADS BODY_BYTES");
    run(number_of<std::uint16_t>(argv[1]), number_of<unsigned>(argv[2]),
        number_of<std::size_t>(argv[3]));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "floor: %s\n", error.what());
    return 1;
  }
}
