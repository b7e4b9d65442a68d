#include "server/worker.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>
#include <thread>
#include <utility>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

namespace cubby::server {
namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

// Keeps a thread that cannot even wait, for lack of memory, from burning its core.
constexpr std::chrono::milliseconds kFailureDelay{100};

// How often the deadlines of lingering connections are looked at when the server is to stop.
constexpr std::chrono::milliseconds kDrainTick{50};

std::chrono::sys_seconds this_second() {
  return std::chrono::floor<std::chrono::seconds>(system_clock::now());
}

// Caches that are filled side by side, too, are not to forget the same keys at the same time.
std::uint64_t random_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

Worker::Worker(Cache& cache, const ServerOptions& options, Reporter report,
               const std::function<protocol::ProcessMemory()>& process_memory)
    : report_(std::move(report)),
      date_(this_second()),
      ttl_(options.ttl, random_seed()),
      context_{.cache = cache,
               .limits = options.limits,
               .ttl = ttl_,
               .date = date_,
               .on_request = &options.on_request,
               .process_memory = &process_memory},
      read_buffer_(std::make_unique<char[]>(kReadBufferBytes)),
      memory_(cache, options.connection_memory_bytes),
      work_(io_.get_executor()),
      timer_(io_) {}

Worker::~Worker() { ended_ = true; }

void Worker::run(const std::function<void()>& arm) {
  for (;;) {
    try {
      arm_timer();
      if (arm) arm();
      io_.run();
      return;
    } catch (const std::exception& error) {
      report("a worker could not go on and tries again", error);
      std::this_thread::sleep_for(kFailureDelay);
    }
  }
}

void Worker::adopt(Descriptor socket) {
  connections_.fetch_add(1, std::memory_order_relaxed);
  try {
    boost::asio::dispatch(
        io_, [this, socket = std::move(socket)]() mutable { begin(std::move(socket)); });
  } catch (...) {
    connections_.fetch_sub(1, std::memory_order_relaxed);
    throw;
  }
}

void Worker::begin(Descriptor socket) noexcept {
  try {
    if (phase_ != Phase::cut) return Session::start(*this, std::move(socket));
  } catch (const std::exception& error) {
    report("a new connection was closed", error);
  }
  connection_ended();
}

void Worker::drain(steady_clock::time_point deadline) {
  boost::asio::dispatch(io_, [this, deadline] { begin_drain(deadline); });
}

void Worker::begin_drain(steady_clock::time_point deadline) {
  if (phase_ != Phase::serving) return;
  phase_ = Phase::draining;
  grace_end_ = steady_clock::now() + kDrainGrace;
  deadline_ = deadline;
  wake_all();
  timer_.cancel();
  end_if_done();
}

void Worker::cut_all() {
  boost::asio::dispatch(io_, [this] { cut_now(); });
}

void Worker::cut_now() noexcept {
  phase_ = Phase::cut;
  while (!sessions_.empty()) {
    has_cut_ = has_cut_ || sessions_.front().busy();
    sessions_.front().cut();
  }
  while (!lingering_.empty()) lingering_.front().cut();
  memory_.resume_all();
  end_if_done();
}

void Worker::wake_all() noexcept {
  for (Session& session : sessions_) session.wake();
}

void Worker::arm_timer() {
  if (timer_armed_ || ended_) return;
  const auto to_next_second = this_second() + std::chrono::seconds(1) - system_clock::now();
  const auto now = steady_clock::now();
  auto next = now + to_next_second;
  if (phase_ != Phase::serving) next = std::min(now + kDrainTick, deadline_);
  if (memory_.wanted()) next = std::min(next, now + kTightTick);
  timer_.expires_at(next);
  timer_.async_wait([this](boost::system::error_code) { on_timer(); });
  timer_armed_ = true;
}

void Worker::on_timer() {
  timer_armed_ = false;
  date_.update(this_second());
  const auto now = steady_clock::now();
  while (!lingering_.empty() && lingering_.front().linger_deadline() <= now) {
    lingering_.front().cut();
  }
  memory_.look_after(now);
  if (phase_ == Phase::draining && now >= grace_end_) {
    phase_ = Phase::closing;
    wake_all();
  }
  if (now >= deadline_) {
    deadline_ = steady_clock::time_point::max();
    cut_now();
  }
  arm_timer();
}

void Worker::end_if_done() noexcept {
  if (ended_ || phase_ == Phase::serving || connections() > 0) return;
  ended_ = true;
  work_.reset();
  timer_.cancel();
}

void Worker::report(const char* what, const std::exception& why) const noexcept {
  std::array<char, 256> line{};
  const int length = std::snprintf(line.data(), line.size(), "%s: %s", what, why.what());
  if (length < 0) return;
  report_({line.data(), std::min(static_cast<std::size_t>(length), line.size() - 1)});
}

void Worker::wait_for_memory(std::unique_ptr<Session> session) {
  const bool is_first = !memory_.tight();
  memory_.wait(std::move(session));
  // It ticks faster from now on.
  if (is_first) timer_.cancel();
}

void Worker::session_began(Session& session) noexcept {
  sessions_.push_back(session);
  memory_.opened();
}

void Worker::session_lingers(Session& session) noexcept {
  static_cast<SessionHook&>(session).unlink();
  lingering_.push_back(session);
}

void Worker::session_ended(Session& session) noexcept {
  memory_.closed(session);
  connection_ended();
}

void Worker::connection_ended() noexcept {
  connections_.fetch_sub(1, std::memory_order_relaxed);
  end_if_done();
}

}  // namespace cubby::server
