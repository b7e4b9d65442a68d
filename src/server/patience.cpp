#include "server/patience.hpp"

#include <algorithm>
#include <utility>

namespace cubby::server {

void Patience::await(Awaited what, std::uint32_t request, Time now,
                     const Figures& figures) noexcept {
  awaited_ = what;
  request_ = request;
  since_ = now;
  if (what == Awaited::body) forgive(now, 0);
  if (what == Awaited::reading) read_ = figures.read;
}

void Patience::forgive(Time now, std::uint64_t received) noexcept {
  rate_since_ = now;
  received_ = received;
}

Time Patience::due(const Figures& figures) const noexcept {
  switch (awaited_) {
    case Awaited::request:
      // What it was sent last may lie unread in the kernel.
      if (!all_read_) return since_ + std::min(options_->idle_timeout, options_->send_timeout);
      return since_ + options_->idle_timeout;
    case Awaited::head:
      return since_ + options_->header_timeout;
    case Awaited::body:
      return std::min(body_end(figures), rate_end(figures));
    case Awaited::reading:
      return since_ + options_->send_timeout;
    case Awaited::farewell:
      break;
  }
  return since_ + kLingerTime;
}

Patience::Verdict Patience::judge(const Figures& figures, Time now) noexcept {
  all_read_ = figures.all_read;
  if (now < due(figures)) return Verdict::go_on;
  switch (awaited_) {
    case Awaited::request:
      if (all_read_) return Verdict::idle;
      [[fallthrough]];
    case Awaited::reading:
      if (!has_read_enough(figures.read)) return Verdict::stalled;
      since_ = now;
      return Verdict::go_on;
    case Awaited::head:
    case Awaited::body:
      return Verdict::slow;
    case Awaited::farewell:
      break;
  }
  return Verdict::over;
}

Time Patience::body_end(const Figures& figures) const noexcept {
  constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
  return since_ + options_->body_timeout + kTimePerMiB * (figures.announced / kMiB);
}

// When the body will be too slow if no more of it arrives.
Time Patience::rate_end(const Figures& figures) const noexcept {
  if (options_->min_rate == 0) return Time::max();
  const std::uint64_t enough_for_ms = (figures.received - received_) * 1000 / options_->min_rate;
  return rate_since_ + std::max(Time(kRateGrace), Time(enough_for_ms));
}

bool Patience::has_read_enough(std::uint64_t read) noexcept {
  const std::uint64_t more = read - std::exchange(read_, read);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options_->send_timeout);
  const auto enough = options_->min_rate * static_cast<std::uint64_t>(seconds.count());
  return more >= std::max<std::uint64_t>(enough, 1);
}

}  // namespace cubby::server
