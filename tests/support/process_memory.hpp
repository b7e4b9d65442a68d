// How much memory a process has, as the kernel counts it (proc_pid_status(5)).

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace cubby::test {

// What is resident now (VmRSS), and the most that ever was (VmHWM), in bytes. Both throw
// std::runtime_error when the process is not there.
std::size_t resident_bytes(int pid);
std::size_t peak_resident_bytes(int pid);

struct ResidentSample {
  std::chrono::duration<double> at{};  // since the sampler began
  std::size_t bytes = 0;
  std::string label;
};

// Looks at the resident memory of a process every 50 ms, from a thread of its own, until stop() or
// the end of the process.
//
// Thread safety: the member functions are for one thread.
class ResidentSampler {
 public:
  static constexpr std::chrono::milliseconds kPeriod{50};

  explicit ResidentSampler(int pid);
  ~ResidentSampler();
  ResidentSampler(const ResidentSampler&) = delete;
  ResidentSampler& operator=(const ResidentSampler&) = delete;

  // Goes with every sample from now on.
  void set_label(const std::string& label);

  // Takes a sample now; returns the most that was resident since the call before.
  std::size_t take_most();

  // No more samples from here on; returns all.
  const std::vector<ResidentSample>& stop();

 private:
  void run();
  void sample();

  const int pid_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::string label_;
  std::size_t most_ = 0;
  std::vector<ResidentSample> samples_;
  std::thread thread_;
};

}  // namespace cubby::test
