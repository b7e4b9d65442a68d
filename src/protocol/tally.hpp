// How many requests were answered, and how.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cubby::protocol {

// Thread safety: one thread counts; any may read.
class Tally {
 public:
  // Counted by the first digit of the status: 2 for what went well, 3 for what the client has
  // already, 4 and 5 for what did not go well.
  using ByClass = std::array<std::uint64_t, 6>;

  void count(unsigned status) noexcept {
    std::atomic<std::uint64_t>& counter = counters_[status / 100];
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  void add_to(ByClass& sums) const noexcept {
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i] += counters_[i].load(std::memory_order_relaxed);
    }
  }

 private:
  std::array<std::atomic<std::uint64_t>, std::tuple_size_v<ByClass>> counters_{};
};

}  // namespace cubby::protocol
