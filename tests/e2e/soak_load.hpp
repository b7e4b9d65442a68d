// Everything that clients do to a server, good and bad, all at once.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/latencies.hpp"
#include "e2e/soak_client.hpp"
#include "support/client.hpp"

namespace cubby::test {

// Runs from its construction on, with a thread for each client that behaves and for each kind of
// those that do not: connections that come and go, resets in the middle of replies, halves of
// bodies, heads that come a byte at a time, and pipelines that nobody reads. One more asks for
// /health, on a new connection each time.
//
// Thread safety: stop() and health() are for one thread, the others for any.
class SoakLoad {
 public:
  explicit SoakLoad(const Address& address);
  ~SoakLoad() { stop(); }

  // Returns when every connection is closed.
  void stop();

  // Of the clients that behave: all answers, and those that were 503.
  std::uint64_t answered() const;
  std::uint64_t refused() const;

  // What clients that behave, or that asked for /health, were not to see. The first few of each.
  std::vector<std::string> problems() const;

  // Valid after stop().
  const bench::Latencies& health() const noexcept { return health_; }

 private:
  // Calls `act` again and again, from a thread of its own that gives way to others.
  template <class Action>
  void start(Action act);

  void start_good(SoakClient& client);
  void start_prober();
  void probe();
  void start_resets();
  void start_visits();
  void start_half_bodies();
  void start_slow_heads();
  void start_unread();
  void note(const std::string& problem);

  const Address address_;
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> problems_;
  std::vector<std::unique_ptr<SoakClient>> clients_;
  bench::Latencies health_;
  std::vector<std::thread> threads_;
};

}  // namespace cubby::test
