// The lock: one at a time, and everybody in the end.

#include "core/mutex.hpp"

#include <atomic>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

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

// How often a thread of this process has gone to sleep by itself (proc(5)).
long sleeps_of(pid_t thread) {
  std::ifstream status("/proc/self/task/" + std::to_string(thread) + "/status");
  for (std::string line; std::getline(status, line);) {
    constexpr std::string_view kName = "voluntary_ctxt_switches:";
    if (line.starts_with(kName)) return std::stol(line.substr(kName.size()));
  }
  return 0;
}

TEST(MutexTest, WhoSleepsGetsItAfterwards) {
  Mutex mutex;
  std::atomic<pid_t> begun{0};
  bool held = true;
  bool seen = true;
  mutex.lock();
  std::thread other([&] {
    begun = ::gettid();
    const MutexLock lock(mutex);
    seen = held;
  });
  while (begun == 0) std::this_thread::yield();
  for (const long before = sleeps_of(begun); sleeps_of(begun) < before + 2;) {
    std::this_thread::yield();
  }
  held = false;
  mutex.unlock();
  other.join();
  EXPECT_FALSE(seen);
}

}  // namespace
}  // namespace cubby::test
