#include "core/thread_annotations.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace cubby {

namespace {

// A few hundred nanoseconds to a few microseconds: most locks are given up within that, and to
// sleep and be woken takes longer.
constexpr int kSpins = 100;

void pause() noexcept {
#if defined(__SSE2__)
  _mm_pause();
#endif
}

}  // namespace

// Invariant: while a thread sleeps, or is about to, state_ is kContended, or the lock has been
// given up and the thread is being woken. Drepper, "Futexes Are Tricky", 2011.

void Mutex::lock_contended() noexcept {
  for (int i = 0; i < kSpins; ++i) {
    std::uint32_t free = kFree;
    if (state_.load(std::memory_order_relaxed) == kFree &&
        state_.compare_exchange_weak(free, kHeld, std::memory_order_acquire,
                                     std::memory_order_relaxed)) {
      return;
    }
    pause();
  }
  // Whoever has slept cannot know whether others still do.
  while (state_.exchange(kContended, std::memory_order_acquire) != kFree) {
    state_.wait(kContended, std::memory_order_relaxed);
  }
}

}  // namespace cubby
