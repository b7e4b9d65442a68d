// A load for what wrk cannot do: crowds of connections of which some are idle, random keys out of
// millions, and the protocols of Redis and memcached.
//
//   load PROTOCOL PORT fill KEYS VALUE_BYTES
//   load PROTOCOL PORT run KEYS VALUE_BYTES CONNECTIONS ACTIVE DEPTH PUT_PERCENT SECONDS
//
// `fill` puts every key once. `run` opens the connections and has one request answered on each;
// then says "ready" and waits for a line, so that whoever measures the server sees nothing of this.
// Then the active ones send DEPTH requests at once, wait for all of the replies, and so on, until
// the time is over. Either prints one line: requests=N errors=N seconds=N. `run` then keeps its
// connections until its input ends, so that their end is not measured either.

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load_protocol.hpp"

namespace {

using namespace cubby::bench;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = std::size_t{256} << 10;
constexpr std::size_t kFillBatchBytes = std::size_t{64} << 10;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::system_category(), what);
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw std::runtime_error("not a number: " + std::string(text));
  }
  return number;
}

struct Counts {
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;
};

// Where the next requests come from: appends some to what is sent and says how many. 0 ends the
// connection's part.
using Source = std::function<std::size_t(std::string& out)>;

// Not copyable or movable: it owns a socket.
class Connection {
 public:
  explicit Connection(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (fd_ < 0) fail("socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      fail("connect");
    }
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::fcntl(fd_, F_SETFL, O_NONBLOCK) != 0) fail("fcntl");
  }
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_; }
  bool waits() const { return awaited_ > 0; }
  bool has_unsent() const { return sent_ < out_.size(); }

  // Must not wait for replies.
  void ask(const Source& source) {
    out_.clear();
    sent_ = 0;
    awaited_ = source(out_);
    send_rest();
  }

  void send_rest() {
    if (!has_unsent()) return;
    const ssize_t sent = ::send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (sent >= 0) {
      sent_ += static_cast<std::size_t>(sent);
    } else if (errno != EAGAIN) {
      fail("send");
    }
  }

  void receive(Protocol protocol, std::vector<char>& buffer, Counts& counts) {
    const ssize_t received = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (received < 0 && errno == EAGAIN) return;
    if (received < 0) fail("recv");
    if (received == 0) throw std::runtime_error("the server closed a connection");
    std::string_view text(buffer.data(), static_cast<std::size_t>(received));
    if (!head_.empty()) text = head_ += text;
    while (!text.empty()) {
      if (rest_bytes_ == 0) {
        const std::optional<Reply> reply = read_reply(protocol, text);
        if (!reply) break;
        if (awaited_ == 0) throw std::runtime_error("a reply that nobody asked for");
        rest_bytes_ = reply->bytes;
        if (!reply->good) ++counts.errors;
      }
      const std::size_t part = std::min(rest_bytes_, text.size());
      rest_bytes_ -= part;
      text.remove_prefix(part);
      if (rest_bytes_ > 0) break;
      --awaited_;
      ++counts.requests;
    }
    head_ = std::string(text);
  }

 private:
  const int fd_;
  std::string out_;
  std::size_t sent_ = 0;
  std::string head_;            // of a reply whose length cannot be told yet
  std::size_t rest_bytes_ = 0;  // still to come of the reply before
  std::size_t awaited_ = 0;
};

class Load {
 public:
  Load(Protocol protocol, std::uint16_t port, std::size_t connections)
      : protocol_(protocol), epoll_(::epoll_create1(EPOLL_CLOEXEC)), buffer_(kReadBytes) {
    if (epoll_ < 0) fail("epoll_create1");
    for (std::size_t i = 0; i < connections; ++i) {
      connections_.push_back(std::make_unique<Connection>(port));
      watch(i, EPOLL_CTL_ADD);
    }
  }
  ~Load() { ::close(epoll_); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Has the first `active` connections ask until the source has nothing more for any of them, or
  // the time is over.
  Counts run(std::size_t active, const Source& source, std::chrono::seconds most) {
    const SteadyClock::time_point end = SteadyClock::now() + most;
    counts_ = {};
    asking_ = 0;
    for (std::size_t i = 0; i < active; ++i) {
      if (!connections_[i]->waits()) ask(i, source);
    }
    while (asking_ > 0 && SteadyClock::now() < end) wait(source);
    return counts_;
  }

 private:
  void wait(const Source& source) {
    std::array<epoll_event, 256> events{};
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      const auto index = static_cast<std::size_t>(event.data.u64);
      Connection& connection = *connections_[index];
      if ((event.events & EPOLLOUT) != 0) {
        connection.send_rest();
        if (!connection.has_unsent()) watch(index, EPOLL_CTL_MOD);
      }
      if ((event.events & ~std::uint32_t{EPOLLOUT}) == 0) continue;
      connection.receive(protocol_, buffer_, counts_);
      if (connection.waits()) continue;
      --asking_;
      ask(index, source);
    }
  }

  void ask(std::size_t index, const Source& source) {
    Connection& connection = *connections_[index];
    connection.ask(source);
    if (connection.waits()) ++asking_;
    if (connection.has_unsent()) watch(index, EPOLL_CTL_MOD);
  }

  void watch(std::size_t index, int operation) {
    epoll_event event{};
    event.events = EPOLLIN | (connections_[index]->has_unsent() ? EPOLLOUT : 0U);
    event.data.u64 = index;
    if (::epoll_ctl(epoll_, operation, connections_[index]->fd(), &event) != 0) fail("epoll_ctl");
  }

  const Protocol protocol_;
  const int epoll_;
  std::vector<char> buffer_;
  std::vector<std::unique_ptr<Connection>> connections_;
  Counts counts_;
  std::size_t asking_ = 0;
};

void print(const Counts& counts, SteadyClock::time_point begin) {
  const std::chrono::duration<double> taken = SteadyClock::now() - begin;
  std::printf("requests=%ju errors=%ju seconds=%.6f\n",
              static_cast<std::uintmax_t>(counts.requests),
              static_cast<std::uintmax_t>(counts.errors), taken.count());
}

void fill(Protocol protocol, std::uint16_t port, std::uint64_t keys, std::size_t value_bytes) {
  Requests requests(protocol, value_bytes);
  std::uint64_t next = 0;
  const auto batch = [&](std::string& out) {
    std::size_t count = 0;
    for (; next < keys && out.size() < kFillBatchBytes; ++count) requests.append_put(out, next++);
    return count;
  };
  Load load(protocol, port, 8);
  const auto begin = SteadyClock::now();
  print(load.run(8, batch, std::chrono::hours(1)), begin);
}

struct RunOptions {
  std::uint64_t keys;
  std::size_t value_bytes;
  std::size_t connections;
  std::size_t active;
  std::size_t depth;
  std::uint64_t put_percent;
  std::chrono::seconds seconds;
};

void run(Protocol protocol, std::uint16_t port, const RunOptions& options) {
  Requests requests(protocol, options.value_bytes);
  std::mt19937 random(1);
  std::uniform_int_distribution<std::uint64_t> any_key(0, options.keys - 1);
  std::uniform_int_distribution<std::uint64_t> any_percent(0, 99);
  Load load(protocol, port, options.connections);

  std::size_t greetings = options.connections;
  const auto greet = [&](std::string& out) -> std::size_t {
    if (greetings == 0) return 0;
    --greetings;
    requests.append_get(out, any_key(random));
    return 1;
  };
  load.run(options.connections, greet, std::chrono::minutes(1));
  std::puts("ready");
  std::fflush(stdout);
  std::getchar();

  const auto batch = [&](std::string& out) {
    for (std::size_t i = 0; i < options.depth; ++i) {
      const std::uint64_t key = any_key(random);
      if (any_percent(random) < options.put_percent) {
        requests.append_put(out, key);
      } else {
        requests.append_get(out, key);
      }
    }
    return options.depth;
  };
  const auto begin = SteadyClock::now();
  print(load.run(options.active, batch, options.seconds), begin);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}

void run(const std::vector<std::string_view>& arguments) {
  const auto number = [&](std::size_t index) { return number_of(arguments.at(index)); };
  if (arguments.size() < 5) throw std::runtime_error("arguments are missing");
  const Protocol protocol = protocol_named(arguments[0]);
  const auto port = static_cast<std::uint16_t>(number(1));
  if (arguments[2] == "fill") {
    fill(protocol, port, number(3), number(4));
  } else {
    run(protocol, port,
        {.keys = number(3),
         .value_bytes = number(4),
         .connections = number(5),
         .active = number(6),
         .depth = number(7),
         .put_percent = number(8),
         .seconds = std::chrono::seconds(number(9))});
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(std::vector<std::string_view>(argv + 1, argv + argc));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load: %s\n", error.what());
    return 1;
  }
}
