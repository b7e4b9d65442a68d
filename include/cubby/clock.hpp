// Where a cache takes its time from.

#pragma once

#include <chrono>

namespace cubby {

// A source of monotonic time. Tests give the cache one that they move by hand.
//
// Thread safety: now() is called from every thread that uses the cache, at the same time.
class Clock {
 public:
  virtual ~Clock() = default;

  // Time since a fixed point that is the clock's own choice. Never goes back.
  virtual std::chrono::milliseconds now() const noexcept = 0;
};

// The system's monotonic clock; it lives as long as the process.
const Clock& steady_clock() noexcept;

}  // namespace cubby
