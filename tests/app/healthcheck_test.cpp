#include "app/healthcheck.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cubby::app {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLong = std::chrono::seconds(30);
constexpr milliseconds kShort{50};

// Listens on a loopback port that the system chose, and answers one connection with fixed bytes.
class Peer {
 public:
  explicit Peer(int family = AF_INET) : listener_(socket(family, SOCK_STREAM, 0)) {
    sockaddr_in6 v6{};
    sockaddr_in v4{};
    v6.sin6_family = AF_INET6;
    v6.sin6_addr = in6addr_loopback;
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool is_v6 = family == AF_INET6;
    auto* const name = is_v6 ? reinterpret_cast<sockaddr*>(&v6) : reinterpret_cast<sockaddr*>(&v4);
    socklen_t length = is_v6 ? sizeof v6 : sizeof v4;
    listening_ = bind(listener_, name, length) == 0 && listen(listener_, 1) == 0;
    getsockname(listener_, name, &length);
    port_ = ntohs(is_v6 ? v6.sin6_port : v4.sin_port);
  }
  ~Peer() {
    if (thread_.joinable()) thread_.join();
    close(listener_);
  }

  void answer(std::string reply) {
    thread_ = std::thread([this, reply = std::move(reply)] {
      const int connection = accept(listener_, nullptr, nullptr);
      std::array<char, 1024> buffer;
      while (!request_.ends_with("\r\n\r\n")) {
        const ssize_t count = recv(connection, buffer.data(), buffer.size(), 0);
        if (count <= 0) break;
        request_.append(buffer.data(), static_cast<std::size_t>(count));
      }
      // Two segments, so that the status line arrives in pieces.
      const std::size_t half = std::min<std::size_t>(reply.size(), 5);
      send(connection, reply.data(), half, MSG_NOSIGNAL);
      send(connection, reply.data() + half, reply.size() - half, MSG_NOSIGNAL);
      close(connection);
    });
  }

  bool listening() const { return listening_; }
  std::uint16_t port() const { return port_; }
  const std::string& request() {
    thread_.join();
    return request_;
  }

 private:
  int listener_;
  bool listening_ = false;
  std::uint16_t port_ = 0;
  std::string request_;
  std::thread thread_;
};

TEST(Healthcheck, AsksForHealth) {
  Peer peer;
  peer.answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nOK\n");
  EXPECT_EQ(check_health("127.0.0.1", peer.port(), kLong), "");
  EXPECT_EQ(peer.request(), "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
}

TEST(Healthcheck, AsksLoopbackWhenEveryAddressIsListenedOn) {
  for (const char* host : {"0.0.0.0", "localhost", "127.0.0.1"}) {
    Peer peer;
    peer.answer("HTTP/1.1 200 OK\r\n\r\n");
    EXPECT_EQ(check_health(host, peer.port(), kLong), "") << host;
  }
  for (const char* host : {"::", "::1"}) {
    Peer peer(AF_INET6);
    if (!peer.listening()) GTEST_SKIP() << "no IPv6 loopback here";
    peer.answer("HTTP/1.1 200 OK\r\n\r\n");
    EXPECT_EQ(check_health(host, peer.port(), kLong), "") << host;
  }
}

TEST(Healthcheck, TooManyConnectionsAreNoIllness) {
  Peer peer;
  peer.answer("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n\r\n");
  EXPECT_EQ(check_health("127.0.0.1", peer.port(), kLong), "");
}

TEST(Healthcheck, AnyOtherAnswerIsUnhealthy) {
  const struct {
    const char* reply;
    const char* problem;
  } cases[] = {
      {"HTTP/1.1 503 Service Unavailable\r\n\r\n",
       "the answer was 'HTTP/1.1 503 Service Unavailable'"},
      {"HTTP/1.1 2000 OK\r\n\r\n", "the answer was 'HTTP/1.1 2000 OK'"},
      {"SSH-2.0-OpenSSH_9.2\r\n", "the answer was 'SSH-2.0-OpenSSH_9.2'"},
      {"HTTP/1.1 20", "the answer was 'HTTP/1.1 20'"},
      {"", "the answer was ''"},
  };
  for (const auto& [reply, problem] : cases) {
    Peer peer;
    peer.answer(reply);
    EXPECT_EQ(check_health("127.0.0.1", peer.port(), kLong), problem);
  }
}

TEST(Healthcheck, NobodyThere) {
  std::uint16_t free_port = 0;
  { free_port = Peer().port(); }
  EXPECT_EQ(check_health("127.0.0.1", free_port, kLong), "cannot connect: Connection refused");
}

TEST(Healthcheck, GivesUpInTime) {
  const Peer silent;  // the kernel accepts the connection; nobody reads or answers
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(check_health("127.0.0.1", silent.port(), kShort), "no answer in time");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, kShort - milliseconds(1));
}

TEST(Healthcheck, NeedsAnAddress) {
  EXPECT_EQ(check_health("example.com", 80, kShort), "'example.com' is not an address");
}

}  // namespace
}  // namespace cubby::app
