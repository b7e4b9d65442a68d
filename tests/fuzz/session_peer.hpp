// A session on a worker, and its peer at the other end of a pair of sockets in this process.

#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

#include "server/socket_io.hpp"
#include "server/worker.hpp"
#include "support/manual_clock.hpp"

namespace cubby::test {

// A worker whose thread is the caller's. Its time is the clock's.
class OwnWorker {
 public:
  // Sets `options.clock` and `options.tick`; they must outlive the worker.
  OwnWorker(Cache& cache, server::ServerOptions& options, server::Reporter report)
      : worker_(cache, with_clock(options), std::move(report), figures_, timeouts_, nullptr) {
    // Starts the timer, and nothing else.
    worker_.run([this] { worker_.io().stop(); });
    worker_.io().restart();
  }

  server::Worker& operator*() { return worker_; }
  server::Worker* operator->() { return &worker_; }

  // Runs what is ready, and what that makes ready.
  void run_all() {
    while (worker_.io().poll() > 0) {
    }
  }

  void pass_time(std::chrono::milliseconds time) {
    // A jump is forgiven at the first tick, so it takes a second.
    for (const auto step : {time, std::chrono::milliseconds(1)}) {
      clock_.advance(step);
      while (!worker_.io().stopped() && worker_.last_tick() != clock_.now()) {
        worker_.io().run_one_for(std::chrono::seconds(1));
      }
    }
  }

  std::chrono::milliseconds now() const { return clock_.now(); }

 private:
  const server::ServerOptions& with_clock(server::ServerOptions& options) {
    options.clock = &clock_;
    options.tick = std::chrono::milliseconds(1);
    return options;
  }

  ManualClock clock_;
  const server::Figures figures_;
  server::TimeoutCounts timeouts_;
  server::Worker worker_;
};

class Peer {
 public:
  // Begins a session. The kernel takes about `buffer_bytes` of its replies before it has to wait.
  Peer(server::Worker& worker, server::Admission& admission, int buffer_bytes) : Peer(make_pair()) {
    server::Descriptor theirs(theirs_);
    ::setsockopt(theirs.get(), SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
    worker.adopt(std::move(theirs), admission.admit({}).value());
  }
  ~Peer() { close(); }
  Peer(Peer&& other) noexcept
      : sent(std::move(other.sent)),
        received(std::move(other.received)),
        fd_(std::exchange(other.fd_, -1)),
        theirs_(other.theirs_),
        writing_(other.writing_) {}
  Peer& operator=(Peer&&) = delete;

  // Sends what the kernel takes without waiting; returns how much that was.
  std::size_t send(std::string_view bytes) {
    if (!writing_ || bytes.empty()) return 0;
    const auto done = server::write_some(fd_, bytes);
    sent += bytes.substr(0, done.bytes);
    // The session is gone.
    if (done.status == server::IoStatus::failed) writing_ = false;
    return done.bytes;
  }

  // Reads what is there, at most so much; returns how much that was.
  std::size_t receive(std::size_t most) {
    std::array<char, 65536> buffer;
    if (fd_ < 0) return 0;
    const auto got = server::read_some(fd_, {buffer.data(), std::min(most, buffer.size())});
    received.append(buffer.data(), got.bytes);
    return got.bytes;
  }

  void end_writing() {
    writing_ = false;
    server::end_writing(fd_);
  }

  void close() {
    writing_ = false;
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  bool writing() const { return writing_; }
  bool closed() const { return fd_ < 0; }

  std::string sent;
  std::string received;

 private:
  explicit Peer(std::array<int, 2> ends) : fd_(ends[0]), theirs_(ends[1]) {}

  static std::array<int, 2> make_pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      throw std::system_error(errno, std::system_category(), "socketpair");
    }
    return ends;
  }

  int fd_;
  int theirs_;
  bool writing_ = true;
};

}  // namespace cubby::test
