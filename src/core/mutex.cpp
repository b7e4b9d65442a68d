#include "core/mutex.hpp"

#include <chrono>
#include <thread>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace cubby {

namespace {

// Some hundred nanoseconds to a few microseconds, depending on the processor: nearly every lock is
// given up within that.
constexpr int kLooks = 100;

// As short as the system makes it.
constexpr std::chrono::microseconds kSleep{20};

void pause() noexcept {
#if defined(__SSE2__)
  _mm_pause();
#endif
}

}  // namespace

void Mutex::lock_contended() noexcept {
  for (;;) {
    for (int i = 0; i < kLooks; ++i) {
      if (!held_.load(std::memory_order_relaxed) && try_take()) return;
      pause();
    }
    std::this_thread::sleep_for(kSleep);
  }
}

}  // namespace cubby
