#include "support/process_memory.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace cubby::test {
namespace {

std::size_t status_bytes(int pid, const std::string& name) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string word;
  while (status >> word) {
    std::size_t kilobytes = 0;
    if (word == name && status >> kilobytes) return kilobytes * 1024;
  }
  throw std::runtime_error("no " + name + " of process " + std::to_string(pid));
}

}  // namespace

std::size_t resident_bytes(int pid) { return status_bytes(pid, "VmRSS:"); }

std::size_t peak_resident_bytes(int pid) { return status_bytes(pid, "VmHWM:"); }

ResidentSampler::ResidentSampler(int pid) : pid_(pid), thread_([this] { run(); }) {}

ResidentSampler::~ResidentSampler() { stop(); }

void ResidentSampler::set_label(const std::string& label) {
  const std::lock_guard lock(mutex_);
  label_ = label;
}

std::size_t ResidentSampler::take_most() {
  const std::lock_guard lock(mutex_);
  sample();
  return std::exchange(most_, 0);
}

const std::vector<ResidentSample>& ResidentSampler::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_one();
  if (thread_.joinable()) thread_.join();
  return samples_;
}

void ResidentSampler::run() {
  std::unique_lock lock(mutex_);
  auto due = begin_;
  try {
    do {
      sample();
      due += kPeriod;
    } while (!stopped_.wait_until(lock, due, [this] { return stop_; }));
  } catch (const std::runtime_error&) {  // the process has ended, which others will notice
  }
}

void ResidentSampler::sample() {
  const std::size_t bytes = resident_bytes(pid_);
  most_ = std::max(most_, bytes);
  samples_.push_back({std::chrono::steady_clock::now() - begin_, bytes, label_});
}

}  // namespace cubby::test
