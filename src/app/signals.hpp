// How the daemon is told to stop.

#pragma once

#include <chrono>
#include <csignal>

namespace cubby::app {

// SIGTERM and SIGINT, taken by one thread that waits for them. Made before any other thread is, so
// that all of them inherit that these signals are blocked. Stays in force until the process ends.
//
// SIGPIPE is ignored from then on as well: a peer that went away is an error of the call.
class StopSignals {
 public:
  StopSignals() noexcept;

  // Blocks until one of the two arrives, and returns which.
  int wait() const noexcept;

  // From now on another one ends the process at once, with exit code 128 + its number. What comes
  // within `repeat` from now is the same order once more and changes nothing: timeout(1), and a
  // terminal together with whatever started us, send every signal twice.
  void end_at_once(std::chrono::milliseconds repeat) const noexcept;

 private:
  sigset_t set_;
};

}  // namespace cubby::app
