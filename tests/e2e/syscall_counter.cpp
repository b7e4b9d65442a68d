#include "syscall_counter.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <numeric>
#include <set>
#include <system_error>
#include <utility>

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace cubby::test {
namespace {

constexpr std::pair<std::uint64_t, const char*> kNames[] = {
#ifdef SYS_epoll_wait
    {SYS_epoll_wait, "epoll_wait"},
#endif
    {SYS_accept4, "accept4"},
    {SYS_clock_gettime, "clock_gettime"},
    {SYS_close, "close"},
    {SYS_epoll_ctl, "epoll_ctl"},
    {SYS_epoll_pwait, "epoll_pwait"},
    {SYS_futex, "futex"},
    {SYS_ioctl, "ioctl"},
    {SYS_madvise, "madvise"},
    {SYS_mmap, "mmap"},
    {SYS_munmap, "munmap"},
    {SYS_read, "read"},
    {SYS_recvfrom, "recvfrom"},
    {SYS_recvmsg, "recvmsg"},
    {SYS_sendmsg, "sendmsg"},
    {SYS_sendto, "sendto"},
    {SYS_timerfd_settime, "timerfd_settime"},
    {SYS_write, "write"},
};

// How the stop before or after a call differs from that for a signal (PTRACE_O_TRACESYSGOOD).
constexpr int kSyscallStop = SIGTRAP | 0x80;

void require(bool succeeded) {
  if (!succeeded) throw std::system_error(errno, std::system_category(), "ptrace");
}

std::string name_of(std::uint64_t number) {
  for (const auto& [known, name] : kNames) {
    if (known == number) return name;
  }
  return "number " + std::to_string(number);
}

}  // namespace

std::size_t sum(const SyscallCounts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::size_t{0},
                         [](std::size_t so_far, const auto& call) { return so_far + call.second; });
}

SyscallCounts difference(const SyscallCounts& after, const SyscallCounts& before) {
  SyscallCounts result = after;
  for (const auto& [number, count] : before) result[number] -= count;
  std::erase_if(result, [](const auto& call) { return call.second == 0; });
  return result;
}

std::string per_request(const SyscallCounts& counts, double requests) {
  const auto figure = [requests](std::size_t count) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3f", static_cast<double>(count) / requests);
    return std::string(text.data());
  };
  std::string result = figure(sum(counts)) + " calls a request";
  const char* separator = ": ";
  for (const auto& [number, count] : counts) {
    result += std::exchange(separator, ", ") + name_of(number) + ' ' + figure(count);
  }
  return result;
}

SyscallCounter::SyscallCounter(int pid) : pid_(pid) {
  std::promise<void> attached;
  std::future<void> result = attached.get_future();
  tracer_ =
      std::thread([this, attached = std::move(attached)]() mutable { run(std::move(attached)); });
  try {
    result.get();
  } catch (...) {
    tracer_.join();
    throw;
  }
}

SyscallCounter::~SyscallCounter() {
  ::kill(pid_, SIGKILL);
  tracer_.join();
}

SyscallCounts SyscallCounter::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void SyscallCounter::run(std::promise<void> attached) {
  try {
    attach();
  } catch (...) {
    return attached.set_exception(std::current_exception());
  }
  attached.set_value();
  while (wait_for_stop()) {
  }
}

// Returns when every call of every thread is going to be seen.
void SyscallCounter::attach() {
  std::set<int> running;
  for (const auto& each :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/task")) {
    const int thread = std::stoi(each.path().filename());
    if (thread == pid_) continue;
    require(::ptrace(PTRACE_SEIZE, thread, nullptr, PTRACE_O_TRACESYSGOOD) == 0);
    require(::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) == 0);
    running.insert(thread);
  }
  while (!running.empty()) {
    const int thread = wait_for_stop();
    require(thread != 0);
    running.erase(thread);
  }
}

// Has a thread that stops go on; returns which, or 0 when none is left.
int SyscallCounter::wait_for_stop() {
  int status = 0;
  int thread = 0;
  do {
    thread = ::waitpid(-1, &status, __WALL | __WNOTHREAD);
  } while (thread < 0 && errno == EINTR);
  if (thread < 0) return 0;
  if (!WIFSTOPPED(status)) return thread;
  const int signal = WSTOPSIG(status);
  const bool is_event = status >> 16 != 0;
  if (signal == kSyscallStop) count_call_of(thread);
  // Fails when the thread was killed meanwhile, which the next wait tells.
  ::ptrace(PTRACE_SYSCALL, thread, nullptr, signal == kSyscallStop || is_event ? 0 : signal);
  return thread;
}

void SyscallCounter::count_call_of(int thread) {
  __ptrace_syscall_info info{};
  if (::ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0) return;
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return;
  const std::lock_guard lock(mutex_);
  ++counts_[info.entry.nr];
}

}  // namespace cubby::test
