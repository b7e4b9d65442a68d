#include "app/signals.hpp"

#include <atomic>

#include <pthread.h>
#include <unistd.h>

namespace cubby::app {
namespace {

using Clock = std::chrono::steady_clock;

// Read in a signal handler, as the clock is: both must do without locks.
std::atomic<Clock::rep> end_of_repeats{0};
static_assert(std::atomic<Clock::rep>::is_always_lock_free);

extern "C" void exit_by_signal(int signal) {
  if (Clock::now().time_since_epoch().count() >= end_of_repeats) _exit(128 + signal);
}

void handle(int signal, void (*handler)(int)) noexcept {
  struct sigaction action {};
  action.sa_handler = handler;
  sigaction(signal, &action, nullptr);
}

}  // namespace

StopSignals::StopSignals() noexcept {
  sigemptyset(&set_);
  sigaddset(&set_, SIGTERM);
  sigaddset(&set_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  handle(SIGPIPE, SIG_IGN);
}

int StopSignals::wait() const noexcept {
  int signal = 0;
  sigwait(&set_, &signal);
  return signal;
}

void StopSignals::end_at_once(std::chrono::milliseconds repeat) const noexcept {
  end_of_repeats = (Clock::now() + repeat).time_since_epoch().count();
  handle(SIGTERM, exit_by_signal);
  handle(SIGINT, exit_by_signal);
  pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
}

}  // namespace cubby::app
