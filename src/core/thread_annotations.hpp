// Clang's thread safety attributes, and a mutex that carries them. Other compilers see a plain
// std::mutex.

#pragma once

#include <mutex>

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

class CUBBY_CAPABILITY("mutex") Mutex {
 public:
  void lock() CUBBY_ACQUIRE() { mutex_.lock(); }
  void unlock() CUBBY_RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
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
