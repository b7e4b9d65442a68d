// The lock: one at a time, and everybody in the end.

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/thread_annotations.hpp"

namespace cubby::test {
namespace {

// More threads than processors, so that some lose theirs while they hold the lock.
TEST(MutexTest, OneAtATime) {
  constexpr unsigned kThreads = 16;
  constexpr unsigned kEach = 20'000;
  Mutex mutex;
  std::uint64_t count = 0;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (unsigned n = 0; n < kEach; ++n) {
        const MutexLock lock(mutex);
        ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, std::uint64_t{kThreads} * kEach);
}

// Long enough for the other to have stopped looking and gone to sleep.
TEST(MutexTest, WhoSleepsGetsItAfterwards) {
  Mutex mutex;
  std::atomic<bool> begun{false};
  bool held = true;
  bool seen = true;
  mutex.lock();
  std::thread other([&] {
    begun = true;
    const MutexLock lock(mutex);
    seen = held;
  });
  while (!begun) std::this_thread::yield();
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  held = false;
  mutex.unlock();
  other.join();
  EXPECT_FALSE(seen);
}

}  // namespace
}  // namespace cubby::test
