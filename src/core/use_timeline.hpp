// When the count of uses had which value: what turns "so many uses ago" into time.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/mutex.hpp"

namespace cubby {

// A list of moments and what the count was then, thinned out as it grows, so that it reaches back
// to the beginning with a resolution of about a hundredth of its length.
//
// Thread safety: all member functions may be called from any thread.
class UseTimeline {
 public:
  using Milliseconds = std::chrono::milliseconds;

  static constexpr std::size_t kMostMoments = 256;

  // Throws std::bad_alloc.
  UseTimeline() { moments_.reserve(kMostMoments); }

  // At `now` the count is `uses`, modulo 2^32. Moments that do not go forward are left out.
  void note(Milliseconds now, std::uint32_t uses) noexcept CUBBY_EXCLUDES(mutex_);

  // How long before `now` the count passed `uses`, to the nearest moment noted; zero when it has
  // not passed it at the last.
  Milliseconds age_of(std::uint32_t uses, Milliseconds now) const noexcept CUBBY_EXCLUDES(mutex_);

 private:
  struct Moment {
    Milliseconds at;
    std::uint32_t uses;
  };

  mutable Mutex mutex_;
  std::vector<Moment> moments_ CUBBY_GUARDED_BY(mutex_);
  Milliseconds spacing_ CUBBY_GUARDED_BY(mutex_){0};
};

}  // namespace cubby
