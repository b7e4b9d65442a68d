// The HTTP server: listens, spreads connections over its workers, and stops without losing replies.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <cubby/clock.hpp>

#include "protocol/connection.hpp"
#include "protocol/limits.hpp"
#include "protocol/ttl.hpp"
#include "server/admission.hpp"
#include "server/patience.hpp"

namespace cubby {
class Cache;
}

namespace cubby::server {

struct ServerOptions {
  std::string host = "127.0.0.1";  // an IPv4 or IPv6 address, or "localhost"
  std::uint16_t port = 7171;       // 0 lets the system choose; see Server::port()
  std::size_t threads = 1;         // workers; at least 1
  protocol::Limits limits;
  // The most that a worker's connections may hold together for requests that have not arrived whole
  // and for replies that are not sent, in bytes. Over it those are refused or closed that have not
  // got on for longest.
  std::size_t connection_memory_bytes = std::size_t{16} << 20;
  AdmissionOptions admission;
  PatienceOptions patience;
  protocol::TtlOptions ttl;
  // Pages of which origins may read the replies: results of protocol::read_origin(), or
  // protocol::kAnyOrigin alone. With none, browsers are told nothing of origins.
  std::vector<std::string> cors_origins;
  std::string memory_source;  // why the cache's limit is what it is, for the memory report
  // Where problems after start-up go, one line each, from any worker's thread. May be empty.
  std::function<void(std::string_view message)> on_problem;
  // Told of every request that was answered, from any worker's thread. Must not throw. Costs
  // nothing when empty.
  std::function<void(const protocol::RequestRecord&)> on_request;
  // Where all of the above is timed; must outlive the server. And how often it is looked at, in
  // real time: at most a second.
  const Clock* clock = &steady_clock();
  std::chrono::milliseconds tick{1000};
};

// Thread safety: stop() and abort() may be called from any thread; the others from one.
class Server {
 public:
  // Binds and listens, so that port() is known and a client can already connect. Throws
  // std::system_error when the address is unusable or taken, and its what() names address and
  // reason; likewise when the system lacks the means to serve, and std::bad_alloc.
  Server(Cache& cache, ServerOptions options);
  // As abort(), then waits for the workers.
  ~Server();

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The port that is listened on.
  std::uint16_t port() const noexcept;

  // Starts the workers and returns.
  void start();

  // Stops accepting, answers every request that has begun, closes what is idle. A connection counts
  // as idle when it sends nothing for a tenth of a second: a busy client that has just got a reply
  // sends its next request, and is told with the reply to it that the connection closes.
  // Connections that are still open after `timeout`, at most a year, are cut. Returns at once, and
  // does nothing when called again; wait() tells when it is done.
  void stop(std::chrono::milliseconds timeout);

  // Cuts every connection now.
  void abort();

  // Blocks until the server has stopped and all its threads have ended. True when no connection was
  // cut that a reply was owed to.
  bool wait();

  // Open connections, over all workers, and the memory that they take beyond what an idle process
  // takes.
  std::size_t connections() const noexcept;
  std::size_t connection_bytes() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cubby::server
