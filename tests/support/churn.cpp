#include "support/churn.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "support/memory_report.hpp"
#include "support/put_load.hpp"

namespace cubby::test {
namespace {

constexpr std::array kRound{
    ChurnPhase{"64 B", 64, 0.6},       ChurnPhase{"4 KiB", 4096, 0.6},
    ChurnPhase{"300 B", 300, 0.6},     ChurnPhase{"40 KiB", std::size_t{40} << 10, 0.6},
    ChurnPhase{"64 B again", 64, 0.6}, ChurnPhase{"mixed", 0, 0.6},
};

// How far the average size may be off what was put: what is left of the phase before.
constexpr double kTolerance = 0.02;

class Sizes {
 public:
  Sizes(const ChurnPhase& phase, int round) {
    if (phase.value_bytes != 0) {
      sizes_.fill(phase.value_bytes);
      return;
    }
    constexpr double kSmallest = 32;
    constexpr double kLargest = 512 * 1024;
    // The ends are three standard deviations from the median.
    const double median = std::sqrt(kSmallest * kLargest);
    std::lognormal_distribution<double> draw(std::log(median), std::log(kLargest / median) / 3);
    std::mt19937_64 random(static_cast<std::uint64_t>(round));
    for (std::size_t& size : sizes_) {
      size = static_cast<std::size_t>(std::clamp(draw(random), kSmallest, kLargest));
    }
  }

  std::size_t operator[](std::uint64_t index) const { return sizes_[index % sizes_.size()]; }

  // How many it takes to have that many bytes of keys and values.
  std::uint64_t count_for(double bytes) const {
    std::uint64_t count = 0;
    for (; bytes > 0; ++count) bytes -= static_cast<double>(kLoadKeyBytes + (*this)[count]);
    return count;
  }

 private:
  std::array<std::size_t, 16384> sizes_;
};

// Which key the puts of a phase have. Every second one is an entry's from before, each once, as
// long as there are some; the others are new.
class Keys {
 public:
  Keys(std::uint64_t next_key, std::uint64_t entries) : next_key_(next_key), entries_(entries) {}

  std::uint64_t operator[](std::uint64_t index) const {
    // A prime, so that a multiple of it meets every number below entries_.
    constexpr std::uint64_t kStride = 2'654'435'761;
    const std::uint64_t half = index / 2;
    if (index % 2 == 1 && half < entries_) return next_key_ - 1 - half * kStride % entries_;
    return next_key_ + index - std::min(half, entries_);
  }

 private:
  const std::uint64_t next_key_;
  const std::uint64_t entries_;
};

}  // namespace

std::span<const ChurnPhase> churn_round() { return kRound; }

std::size_t resident_bound(std::size_t limit_bytes) {
  return limit_bytes + limit_bytes / 20 + 24'000'000;
}

Churn::Churn(const Address& address, int pid, std::size_t limit_bytes, double turnover)
    : address_(address),
      limit_bytes_(limit_bytes),
      turnover_(turnover),
      client_(address),
      sampler_(pid) {}

ChurnResult Churn::run(const ChurnPhase& phase, int round) {
  const double limit = static_cast<double>(limit_bytes_);
  const Sizes sizes(phase, round);
  const Keys keys(next_key_, entries_);
  const std::uint64_t count = sizes.count_for(turnover_ * limit);
  sampler_.set_label(phase.name);
  put_all(address_, count, [&](std::uint64_t index) {
    return Put{.key = keys[index], .value_bytes = sizes[index]};
  });
  next_key_ += count - std::min(count / 2, entries_);

  const MemoryReport report = ask_memory(client_);
  entries_ = report.entries;
  ChurnResult result;
  result.most_resident_bytes = sampler_.take_most();
  const double data = static_cast<double>(report.data_bytes);
  result.stored = data / limit;
  result.average_entry_bytes = data / static_cast<double>(entries_);

  const auto problem = [&result](const std::string& text) { result.problems.push_back(text); };
  if (result.most_resident_bytes > resident_bound(limit_bytes_)) {
    problem(std::to_string(result.most_resident_bytes) + " bytes were resident");
  }
  if (result.stored < phase.least_stored)
    problem("stored " + std::to_string(result.stored) + " of the limit");
  const double expected = static_cast<double>(kLoadKeyBytes + phase.value_bytes);
  if (phase.value_bytes != 0 && std::abs(result.average_entry_bytes / expected - 1) > kTolerance) {
    problem("an entry has " + std::to_string(result.average_entry_bytes) + " bytes");
  }
  return result;
}

}  // namespace cubby::test
