#include "server/worker.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <new>
#include <random>
#include <thread>
#include <utility>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

namespace cubby::server {
namespace {

using std::chrono::system_clock;

// Keeps a thread that cannot even wait, for lack of memory, from burning its core.
constexpr std::chrono::milliseconds kFailureDelay{100};

// How often deadlines are looked at when the server is to stop.
constexpr std::chrono::milliseconds kDrainTick{50};

// How often the sockets are looked at before the io_context has its turn. To go through it takes
// two more system calls than a look.
constexpr int kLooksInARow = 8;
// How long such a look waits, so that a client who waits for his replies is still met: the
// io_context's timers are late by so much, times kLooksInARow.
constexpr std::chrono::milliseconds kLookTime{2};

// How long the first timer may take to fire.
constexpr std::chrono::seconds kTimerPatience{1};

std::chrono::sys_seconds this_second() {
  return std::chrono::floor<std::chrono::seconds>(system_clock::now());
}

// Caches that are filled side by side, too, are not to forget the same keys at the same time.
std::uint64_t random_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

Worker::Worker(Cache& cache, const ServerOptions& options, Reporter report, const Figures& figures,
               TimeoutCounts& timeouts, const protocol::Cors* cors)
    : options_(options),
      report_(std::move(report)),
      timeouts_(timeouts),
      date_(this_second()),
      ttl_(options.ttl, random_seed()),
      context_{.cache = cache,
               .limits = options.limits,
               .ttl = ttl_,
               .date = date_,
               .heads = &heads_,
               .on_request = &options.on_request,
               .process_memory = &figures.memory,
               .process_counts = &figures.counts,
               .tally = &tally_,
               .cors = cors},
      read_buffer_(std::make_unique<char[]>(kReadBufferBytes)),
      last_tick_(now()),
      memory_(cache, *options.clock, options.connection_memory_bytes),
      deadlines_(last_tick_),
      work_(io_.get_executor()),
      timer_(io_) {
  require_timers();
}

// Asio does not tell when the kernel has refused to watch its timers, which then never fire.
void Worker::require_timers() {
  timer_.expires_after(Time(0));
  timer_.async_wait([](boost::system::error_code) {});
  if (io_.run_one_for(kTimerPatience) > 0) return;
  throw boost::system::system_error(boost::asio::error::no_memory, "no timer fires");
}

Worker::~Worker() { ended_ = true; }

void Worker::run(const std::function<void()>& arm) {
  for (;;) {
    try {
      arm_timer();
      arm_poller();
      if (arm) arm();
      io_.run();
      return;
    } catch (const std::exception& error) {
      report("a worker could not go on and tries again", error);
      std::this_thread::sleep_for(kFailureDelay);
    }
  }
}

void Worker::adopt(Descriptor socket, Admission::Place place) {
  connections_.fetch_add(1, std::memory_order_relaxed);
  try {
    boost::asio::dispatch(io_,
                          [this, socket = std::move(socket), place = std::move(place)]() mutable {
                            begin(std::move(socket), std::move(place));
                          });
  } catch (...) {
    connections_.fetch_sub(1, std::memory_order_relaxed);
    throw;
  }
  if (!io_.get_executor().running_in_this_thread()) poller_.interrupt();
}

void Worker::begin(Descriptor socket, Admission::Place place) noexcept {
  try {
    if (phase_ != Phase::cut) {
      return Session::start(*this, std::move(socket), std::move(place));
    }
  } catch (const std::exception& error) {
    report("a new connection was closed", error);
  }
  connection_ended();
}

void Worker::drain(Time deadline) noexcept {
  drain_order_ = deadline;
  hand_orders_over();
}

void Worker::cut_all() noexcept {
  cut_order_ = true;
  hand_orders_over();
}

// When there is no memory for that, the timer sees them at its next tick.
void Worker::hand_orders_over() noexcept {
  try {
    boost::asio::dispatch(io_, [this] { obey(); });
    poller_.interrupt();
  } catch (const std::bad_alloc&) {
  }
}

void Worker::obey() noexcept {
  const Time deadline = drain_order_.load();
  if (cut_order_) {
    cut_now();
  } else if (deadline != Time::max()) {
    begin_drain(deadline);
  }
}

void Worker::begin_drain(Time deadline) noexcept {
  if (phase_ != Phase::serving) return;
  phase_ = Phase::draining;
  grace_end_ = now() + kDrainGrace;
  drain_deadline_ = deadline;
  wake_all();
  timer_.cancel();
  end_if_done();
}

void Worker::cut_now() noexcept {
  phase_ = Phase::cut;
  deadlines_.for_each([this](Timed& timed) {
    auto& session = static_cast<Session&>(timed);
    has_cut_ = has_cut_ || session.busy();
    session.cut();
  });
  memory_.resume_all();
  end_if_done();
}

void Worker::wake_all() noexcept {
  deadlines_.for_each([](Timed& timed) { static_cast<Session&>(timed).wake(); });
}

void Worker::arm_timer() {
  if (timer_armed_ || ended_) return;
  const auto to_next_second = this_second() + std::chrono::seconds(1) - system_clock::now();
  Time wait = std::min(std::chrono::ceil<Time>(to_next_second), options_.tick);
  if (phase_ != Phase::serving) wait = std::min({wait, Time(kDrainTick), drain_deadline_ - now()});
  if (memory_.wanted()) wait = std::min(wait, Time(kTightTick));
  timer_.expires_after(wait);
  timer_.async_wait([this](boost::system::error_code) { on_timer(); });
  timer_armed_ = true;
}

void Worker::on_timer() {
  timer_armed_ = false;
  obey();
  serve();
  date_.update(this_second());
  const Time now = this->now();
  if (!has_stood_still(now)) {
    expire_deadlines(now);
    memory_.look_after(now);
  }
  if (phase_ == Phase::draining && now >= grace_end_) {
    phase_ = Phase::closing;
    wake_all();
  }
  if (now >= drain_deadline_) {
    drain_deadline_ = Time::max();
    cut_now();
  }
  arm_timer();
}

// When the process was stopped, or the machine asleep, peers did not take so long: what they have
// sent meanwhile waits to be read. They get a tick for it.
bool Worker::has_stood_still(Time now) noexcept {
  const Time since = now - std::exchange(last_tick_, now);
  forgave_ = !forgave_ && since > 2 * options_.tick;
  return forgave_;
}

void Worker::expire_deadlines(Time now) {
  const bool more = deadlines_.expire(
      now, [now](Timed& timed) { static_cast<Session&>(timed).on_deadline(now); });
  if (more) boost::asio::post(io_, [this, now] { expire_deadlines(now); });
}

void Worker::end_if_done() noexcept {
  if (ended_ || phase_ == Phase::serving || connections() > 0) return;
  ended_ = true;
  work_.reset();
  timer_.cancel();
  poller_.cancel();
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

void Worker::arm_poller() {
  if (poller_armed_ || ended_) return;
  poller_.async_wait([this] {
    poller_armed_ = false;
    serve();
    arm_poller();
  });
  poller_armed_ = true;
}

void Worker::serve() {
  const int most_looks = hurried_ ? 1 : kLooksInARow;
  for (int looks = 0; looks < most_looks && !ended_; ++looks) {
    const bool may_wait = looks > 0 && !poller_.has_turns();
    const Poller::Found found = poller_.look(may_wait ? kLookTime : Time(0));
    if (found == Poller::Found::interrupted && looks > 0) break;
    if (found == Poller::Found::nothing && !poller_.has_turns()) break;
  }
  if (poller_.has_turns()) poller_.interrupt();
}

void Worker::session_began() noexcept { memory_.opened(); }

void Worker::session_ended(Session& session) noexcept {
  poller_.forget(session);
  memory_.closed(session);
  connection_ended();
}

void Worker::connection_ended() noexcept {
  connections_.fetch_sub(1, std::memory_order_relaxed);
  end_if_done();
}

}  // namespace cubby::server
