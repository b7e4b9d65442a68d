#include "server/server.hpp"

#include <algorithm>
#include <atomic>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include "protocol/cors.hpp"
#include "server/listener.hpp"
#include "server/maintenance.hpp"
#include "server/resident_memory.hpp"
#include "server/worker.hpp"

namespace cubby::server {
namespace {

// Giving freed memory back walks through all of it, which holds its threads up. So it is done when
// a crowd has gone: connections have let go of so much, which is more than they still have, and the
// last time was so many looks ago (ten seconds).
constexpr std::size_t kFreedBytes = std::size_t{4} << 20;
constexpr int kLooksBetween = 40;

// What goes wrong while a problem is being reported must not become another one.
Reporter make_reporter(std::function<void(std::string_view)> on_problem) {
  return [on_problem = std::move(on_problem)](std::string_view message) noexcept {
    try {
      if (on_problem) on_problem(message);
    } catch (...) {
    }
  };
}

std::optional<protocol::Cors> make_cors(const std::vector<std::string>& origins) {
  if (origins.empty()) return std::nullopt;
  return protocol::Cors(origins);
}

}  // namespace

class Server::Impl {
 public:
  Impl(Cache& cache, ServerOptions options)
      : cache_(cache),
        options_(std::move(options)),
        reporter_(make_reporter(options_.on_problem)),
        cors_(make_cors(options_.cors_origins)),
        began_(options_.clock->now()),
        figures_{[this] { return process_memory(); }, [this] { return process_counts(); }},
        admission_(options_.admission),
        workers_(make_workers(cache)),
        listener_(
            workers_.front()->io(), options_.host, options_.port, admission_,
            [this](Descriptor socket, Admission::Place place) {
              least_loaded().adopt(std::move(socket), std::move(place));
            },
            reporter_),
        maintenance_(workers_.front()->io(), [this] {
          const bool more = maintain();
          workers_.front()->set_hurried(more);
          return more;
        }) {
    workers_.front()->poller().let_interrupt(listener_.descriptor());
  }

  ~Impl() {
    abort();
    wait();
  }

  std::uint16_t port() const noexcept { return listener_.port(); }

  void start() {
    threads_.reserve(workers_.size());
    for (const auto& worker : workers_) {
      std::function<void()> arm;
      if (worker == workers_.front()) {
        arm = [this] {
          listener_.arm();
          maintenance_.arm();
        };
      }
      threads_.emplace_back([&worker = *worker, arm = std::move(arm)] { worker.run(arm); });
    }
  }

  void stop(std::chrono::milliseconds timeout) noexcept {
    Time none = kNoOrder;
    const Time deadline = options_.clock->now() + timeout;
    if (stop_order_.compare_exchange_strong(none, deadline)) hand_orders_over();
  }

  void abort() noexcept {
    if (aborting_.exchange(true)) return;
    // Each worker is told by itself: the first, which has the listener, may have ended already.
    hand_orders_over();
    for (const auto& worker : workers_) worker->cut_all();
  }

  bool wait() {
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    return std::none_of(workers_.begin(), workers_.end(),
                        [](const auto& worker) { return worker->has_cut(); });
  }

  std::size_t connections() const noexcept {
    std::size_t sum = 0;
    for (const auto& worker : workers_) sum += worker->connections();
    return sum;
  }

  std::size_t connection_bytes() const noexcept {
    std::size_t sum = 0;
    for (const auto& worker : workers_) sum += worker->connection_bytes();
    return sum;
  }

 private:
  static constexpr Time kNoOrder = Time::max();

  // The listener and the maintenance belong to the first worker's thread. When there is no memory
  // to tell it, the next maintenance sees the orders.
  void hand_orders_over() noexcept {
    try {
      boost::asio::post(workers_.front()->io(), [this] { obey(); });
    } catch (const std::bad_alloc&) {
    }
  }

  // Connections that the listener hands over arrive at their worker before the order to drain,
  // because both go through the same queue; those that come after it are drained too.
  void obey() {
    const Time deadline = stop_order_.load();
    if (aborting_) {
      listener_.close();
      maintenance_.stop();
    } else if (deadline != kNoOrder) {
      listener_.accept_rest_and_close();
      maintenance_.stop();
      for (const auto& worker : workers_) worker->drain(deadline);
    }
  }

  // A piece of work that can wait; true when there is more.
  bool maintain() {
    obey();
    if (cache_.maintain()) return true;
    const std::size_t bytes = connection_bytes();
    most_connection_bytes_ = std::max(most_connection_bytes_, bytes);
    const std::size_t freed = most_connection_bytes_ - bytes;
    if (++looks_ >= kLooksBetween && freed >= kFreedBytes && freed > bytes) {
      give_back_freed_memory();
      most_connection_bytes_ = bytes;
      looks_ = 0;
    }
    return false;
  }

  protocol::ProcessMemory process_memory() const {
    return {.limit_source = options_.memory_source,
            .connections = connections(),
            .rss_bytes = resident_bytes()};
  }

  protocol::ProcessCounts process_counts() const {
    protocol::ProcessCounts counts{
        .uptime = options_.clock->now() - began_,
        .open_connections = connections(),
        .max_connections = options_.admission.max_connections,
        .accepted = listener_.accepted(),
        .turned_away = admission_.turned_away(),
        .accept_pauses = listener_.pauses(),
        .closed_idle = timeouts_.idle.load(std::memory_order_relaxed),
        .closed_slow = timeouts_.slow.load(std::memory_order_relaxed),
        .closed_stalled = timeouts_.stalled.load(std::memory_order_relaxed)};
    for (const auto& worker : workers_) worker->tally().add_to(counts.answered);
    return counts;
  }

  std::vector<std::unique_ptr<Worker>> make_workers(Cache& cache) {
    std::vector<std::unique_ptr<Worker>> workers(std::max<std::size_t>(options_.threads, 1));
    try {
      for (auto& worker : workers) {
        worker = std::make_unique<Worker>(cache, options_, reporter_, figures_, timeouts_,
                                          cors_ ? &*cors_ : nullptr);
      }
    } catch (const boost::system::system_error& error) {
      throw std::system_error(error.code(), "cannot begin to wait for connections");
    }
    return workers;
  }

  Worker& least_loaded() noexcept {
    return **std::min_element(workers_.begin(), workers_.end(), [](const auto& a, const auto& b) {
      return a->connections() < b->connections();
    });
  }

  Cache& cache_;
  const ServerOptions options_;
  const Reporter reporter_;
  const std::optional<protocol::Cors> cors_;
  const Time began_;
  const Figures figures_;
  TimeoutCounts timeouts_;
  Admission admission_;
  const std::vector<std::unique_ptr<Worker>> workers_;
  Listener listener_;
  Maintenance maintenance_;
  // Since freed memory was given back.
  std::size_t most_connection_bytes_ = 0;
  int looks_ = 0;
  std::vector<std::thread> threads_;
  std::atomic<Time> stop_order_{kNoOrder};
  std::atomic<bool> aborting_{false};
};

Server::Server(Cache& cache, ServerOptions options)
    : impl_(std::make_unique<Impl>(cache, std::move(options))) {}
Server::~Server() = default;
std::uint16_t Server::port() const noexcept { return impl_->port(); }
void Server::start() { impl_->start(); }
void Server::stop(std::chrono::milliseconds timeout) { impl_->stop(timeout); }
void Server::abort() { impl_->abort(); }
bool Server::wait() { return impl_->wait(); }
std::size_t Server::connections() const noexcept { return impl_->connections(); }
std::size_t Server::connection_bytes() const noexcept { return impl_->connection_bytes(); }

}  // namespace cubby::server
