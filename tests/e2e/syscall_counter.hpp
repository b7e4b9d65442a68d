// Counts the calls to the system that another process makes, as the kernel sees them (ptrace(2)).

#pragma once

#include <cstddef>
#include <cstdint>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace cubby::test {

// Calls by their numbers.
using SyscallCounts = std::map<std::uint64_t, std::size_t>;

std::size_t sum(const SyscallCounts& counts);
SyscallCounts difference(const SyscallCounts& after, const SyscallCounts& before);

// "2.000 calls a request: recvfrom 1.000, sendto 1.000".
std::string per_request(const SyscallCounts& counts, double requests);

// Counts every call of all threads that a process has but the first. What needs no entry into the
// kernel, as reading the clock mostly does not, is no call.
//
// Thread safety: counts() may be called from any thread.
class SyscallCounter {
 public:
  // Begins to count. The process must be a child, and one of several threads. Throws
  // std::system_error when it is not permitted.
  explicit SyscallCounter(int pid);
  // Kills the process.
  ~SyscallCounter();
  SyscallCounter(const SyscallCounter&) = delete;
  SyscallCounter& operator=(const SyscallCounter&) = delete;

  SyscallCounts counts() const;

 private:
  void run(std::promise<void> attached);
  void attach();
  int wait_for_stop();
  void count_call_of(int thread);

  const int pid_;
  mutable std::mutex mutex_;
  SyscallCounts counts_;
  std::thread tracer_;  // the kernel takes orders from the thread that has attached
};

}  // namespace cubby::test
