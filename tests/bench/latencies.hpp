// How long many calls took, one by one.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace cubby::bench {

// Thread safety: none.
template <class Clock>
class BasicLatencies {
 public:
  // Runs `call` and notes how long it took.
  template <class Call>
  void time(Call&& call) {
    const auto begin = Clock::now();
    call();
    add(Clock::now() - begin);
  }

  void add(typename Clock::duration duration) { durations_.push_back(duration); }

  std::size_t count() const { return durations_.size(); }
  double slowest_ms() const { return quantile_ms(1); }

  // What that share of the calls did not exceed. 0 when there were none.
  double quantile_ms(double share) const {
    if (durations_.empty()) return 0;
    const auto rank = static_cast<std::size_t>(share * static_cast<double>(durations_.size() - 1));
    const auto middle = durations_.begin() + static_cast<std::ptrdiff_t>(rank);
    std::ranges::nth_element(durations_, middle);
    return std::chrono::duration<double, std::milli>(*middle).count();
  }

 private:
  mutable std::vector<typename Clock::duration> durations_;
};

using Latencies = BasicLatencies<std::chrono::steady_clock>;

}  // namespace cubby::bench
