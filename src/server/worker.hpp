// One thread, its event loop, and the connections that it serves.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "protocol/connection.hpp"
#include "protocol/date_header.hpp"
#include "protocol/head_memo.hpp"
#include "protocol/ttl.hpp"
#include "server/admission.hpp"
#include "server/connection_memory.hpp"
#include "server/deadlines.hpp"
#include "server/poller.hpp"
#include "server/server.hpp"
#include "server/session.hpp"
#include "server/socket_io.hpp"

namespace cubby::server {

// Reports a problem, one line; may be called from any thread and does not throw.
using Reporter = std::function<void(std::string_view message)>;

// Bytes that one read can bring in, shared by all sessions of a worker.
inline constexpr std::size_t kReadBufferBytes = std::size_t{64} << 10;
// A shared output buffer that grew beyond this, for a large value, is given back.
inline constexpr std::size_t kMaxIdleOutputBytes = std::size_t{2} << 20;
// When stopping: how long a connection that waits between two requests may still send the next,
// which is answered with "Connection: close". Without it a busy client, which is between two
// requests for microseconds, would find a request of its own cut off.
inline constexpr std::chrono::milliseconds kDrainGrace{100};

enum class Phase {
  serving,
  draining,  // the next batch of replies is a connection's last
  closing,   // and a connection that has no request in progress is closed
  cut,       // every connection is closed
};

// How many connections were closed because their peers took too long.
struct TimeoutCounts {
  std::atomic<std::uint64_t> idle{0};
  std::atomic<std::uint64_t> slow{0};
  std::atomic<std::uint64_t> stalled{0};
};

// Where the reports of the whole process get their figures from.
struct Figures {
  std::function<protocol::ProcessMemory()> memory;
  std::function<protocol::ProcessCounts()> counts;
};

// Thread safety: adopt(), drain(), cut_all(), connections(), connection_bytes(), tally() and io()
// may be called from any thread. Everything else belongs to the thread in run().
class Worker {
 public:
  // `options`, `figures`, `timeouts` and `cors`, which may be null, must outlive the worker. Throws
  // std::system_error or boost::system::system_error when the system lacks the means.
  Worker(Cache& cache, const ServerOptions& options, Reporter report, const Figures& figures,
         TimeoutCounts& timeouts, const protocol::Cors* cors);
  ~Worker();

  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  boost::asio::io_context& io() noexcept { return io_; }

  // Serves until drain() or cut_all() has been called and no connection is left. `arm` is called
  // first, and again after every failure, to start whatever else this thread has to wait for.
  void run(const std::function<void()>& arm);

  // Comes back to the io_context, for other work than requests, as often as it can, or not. Belongs
  // to the thread in run().
  void set_hurried(bool hurried) noexcept { hurried_ = hurried; }

  // Serves a new connection. It counts from now on.
  void adopt(Descriptor socket, Admission::Place place);

  // Answers what has begun, closes what is idle, and cuts what is left at `deadline`.
  void drain(Time deadline) noexcept;

  // Cuts every connection, and those that are still to be adopted.
  void cut_all() noexcept;

  std::size_t connections() const noexcept { return connections_.load(std::memory_order_relaxed); }

  // Memory that the connections take.
  std::size_t connection_bytes() const noexcept { return memory_.bytes(); }

  const protocol::Tally& tally() const noexcept { return tally_; }

  // True when a connection was closed before its replies were sent. Ask after run() has returned.
  bool has_cut() const noexcept { return has_cut_; }

  // For sessions.
  Phase phase() const noexcept { return phase_; }
  const protocol::Context& context() const noexcept { return context_; }
  std::span<char> read_buffer() noexcept { return {read_buffer_.get(), kReadBufferBytes}; }
  std::string& output() noexcept { return output_; }
  ConnectionMemory& memory() noexcept { return memory_; }
  Poller& poller() noexcept { return poller_; }
  Deadlines& deadlines() noexcept { return deadlines_; }
  const PatienceOptions& patience() const noexcept { return options_.patience; }
  TimeoutCounts& timeouts() noexcept { return timeouts_; }
  Time now() const noexcept { return options_.clock->now(); }
  Time last_tick() const noexcept { return last_tick_; }
  void wait_for_memory(std::unique_ptr<Session> session);
  void report(const char* what, const std::exception& why) const noexcept;
  void session_began() noexcept;
  void session_ended(Session& session) noexcept;

 private:
  void require_timers();
  void connection_ended() noexcept;
  void begin(Descriptor socket, Admission::Place place) noexcept;
  void hand_orders_over() noexcept;
  void obey() noexcept;
  void begin_drain(Time deadline) noexcept;
  void cut_now() noexcept;
  void wake_all() noexcept;
  void arm_poller();
  void serve();
  void arm_timer();
  void on_timer();
  bool has_stood_still(Time now) noexcept;
  void expire_deadlines(Time now);
  void end_if_done() noexcept;

  // The members below outlive io_, which may hold the last handlers. Sessions there are none: run()
  // has seen to that.
  const ServerOptions& options_;
  const Reporter report_;
  TimeoutCounts& timeouts_;
  protocol::DateHeader date_;
  protocol::HeadMemo heads_;
  protocol::Tally tally_;
  protocol::TtlPolicy ttl_;
  const protocol::Context context_;
  const std::unique_ptr<char[]> read_buffer_;
  std::string output_;
  Phase phase_ = Phase::serving;
  Time last_tick_;
  bool forgave_ = false;  // that peers could not be served, at the last tick
  Time grace_end_{0};
  Time drain_deadline_ = Time::max();
  bool has_cut_ = false;
  bool timer_armed_ = false;
  bool ended_ = false;
  std::atomic<std::size_t> connections_{0};
  // Orders, from any thread.
  std::atomic<Time> drain_order_{Time::max()};
  std::atomic<bool> cut_order_{false};
  ConnectionMemory memory_;
  Deadlines deadlines_;
  bool hurried_ = false;
  bool poller_armed_ = false;

  boost::asio::io_context io_{1};
  Poller poller_{io_};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer timer_;
};

}  // namespace cubby::server
