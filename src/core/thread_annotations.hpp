// Clang's thread safety attributes, and a mutex that carries them.

#pragma once

#include <atomic>

#if defined(__clang__)
#define CUBBY_ATTRIBUTE(x) __attribute__((x))
#else
#define CUBBY_ATTRIBUTE(x)
#endif

#define CUBBY_CAPABILITY(name) CUBBY_ATTRIBUTE(capability(name))
#define CUBBY_SCOPED_CAPABILITY CUBBY_ATTRIBUTE(scoped_lockable)
#define CUBBY_GUARDED_BY(mutex) CUBBY_ATTRIBUTE(guarded_by(mutex))
#define CUBBY_REQUIRES(...) CUBBY_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define CUBBY_EXCLUDES(...) CUBBY_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define CUBBY_ACQUIRE(...) CUBBY_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define CUBBY_RELEASE(...) CUBBY_ATTRIBUTE(release_capability(__VA_ARGS__))

namespace cubby {

// A lock that is held for a moment and seldom wanted by two: one byte, and no call when it is free.
// Who finds it held looks again for about as long as it is held, and then sleeps for a moment at a
// time, so that it does no harm that there are more threads than processors. No order among those
// who wait.
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
