#include "core/use_timeline.hpp"

#include <algorithm>

namespace cubby {

namespace {

// Modulo 2^32: right as long as the two are less than 2^31 apart.
bool reached(std::uint32_t count, std::uint32_t uses) noexcept {
  return static_cast<std::int32_t>(count - uses) >= 0;
}

}  // namespace

// Invariant: moments are in order of time and of count, neighbours differ in count, and all are
// less than 2^31 uses from the last.

void UseTimeline::note(Milliseconds now, std::uint32_t uses) noexcept {
  const MutexLock lock(mutex_);
  if (!moments_.empty()) {
    const Moment& last = moments_.back();
    // Of the time in which nothing was used the beginning is kept: what was used last was used
    // then.
    if (uses == last.uses || now < last.at + spacing_) return;
  }
  const auto recent = std::find_if(moments_.begin(), moments_.end(),
                                   [&](const Moment& m) { return reached(uses, m.uses); });
  moments_.erase(moments_.begin(), recent);
  if (moments_.size() == kMostMoments) {
    for (std::size_t i = 0; i < kMostMoments / 2; ++i) moments_[i] = moments_[2 * i];
    moments_.resize(kMostMoments / 2);
    spacing_ = (now - moments_.front().at) / static_cast<int>(kMostMoments);
  }
  moments_.push_back({now, uses});
}

UseTimeline::Milliseconds UseTimeline::age_of(std::uint32_t uses, Milliseconds now) const noexcept {
  const MutexLock lock(mutex_);
  const auto passed = std::find_if(moments_.begin(), moments_.end(),
                                   [&](const Moment& m) { return reached(m.uses, uses); });
  return passed == moments_.end() ? Milliseconds(0) : now - passed->at;
}

}  // namespace cubby
