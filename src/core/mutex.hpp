// The lock of everything that threads share.

#pragma once

#include <atomic>

#include "core/thread_annotations.hpp"

namespace cubby {

// A lock that is mostly held for a moment and seldom wanted by two: one byte, and no call when it
// is free. Who finds it held looks again, for up to some microseconds, and then sleeps for a moment
// at a time (kSleep, and what the system adds, some 50 microseconds), so that it does no harm that
// there are more threads than processors, or that a lock is held for long. There is no order among
// those who wait: one who takes the lock again and again may have it before them any number of
// times.
//
// Nobody is woken, because then giving up the lock can be a plain store: an exchange, which tells
// whether somebody sleeps, must wait until all that was written under the lock has reached the
// CPU's cache. Under a shard's lock that is the list's links, two cache misses.
class CUBBY_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() noexcept CUBBY_ACQUIRE() {
    if (!try_take()) lock_contended();
  }

  void unlock() noexcept CUBBY_RELEASE() { held_.store(false, std::memory_order_release); }

 private:
  bool try_take() noexcept { return !held_.exchange(true, std::memory_order_acquire); }
  void lock_contended() noexcept;

  std::atomic<bool> held_{false};
};

class CUBBY_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) CUBBY_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() CUBBY_RELEASE() { mutex_.unlock(); }

  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace cubby
