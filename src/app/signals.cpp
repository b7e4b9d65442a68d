#include "app/signals.hpp"

#include <pthread.h>
#include <unistd.h>

namespace cubby::app {
namespace {

extern "C" void exit_by_signal(int signal) { _exit(128 + signal); }

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

void StopSignals::end_at_once() const noexcept {
  handle(SIGTERM, exit_by_signal);
  handle(SIGINT, exit_by_signal);
  pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
}

}  // namespace cubby::app
