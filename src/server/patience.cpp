#include "server/patience.hpp"

#include <algorithm>

namespace cubby::server {

void Patience::await(Awaited what, std::uint32_t request, Time now) noexcept {
  awaited_ = what;
  request_ = request;
  since_ = now;
  all_read_ = false;
  if (what == Awaited::body) forgive(now, 0);
}

void Patience::await_reading(std::uint32_t request, Time now, const Figures& figures) noexcept {
  await(Awaited::reading, request, now);
  look(figures, now);
}

void Patience::forgive(Time now, std::uint64_t received) noexcept {
  rate_since_ = now;
  received_ = received;
}

Time Patience::due(const Figures& figures) const noexcept {
  switch (awaited_) {
    case Awaited::request:
      // What it was sent may lie unread in the kernel, however often it asks for more.
      if (!all_read_) {
        return std::min(since_ + options_->idle_timeout, looked_ + options_->send_timeout);
      }
      return since_ + options_->idle_timeout;
    case Awaited::head:
      return since_ + options_->header_timeout;
    case Awaited::body:
      return std::min(body_end(figures), rate_end(figures));
    case Awaited::reading:
      return looked_ + options_->send_timeout;
    case Awaited::farewell:
      break;
  }
  return since_ + kLingerTime;
}

Patience::Verdict Patience::judge(const Figures& figures, Time now) noexcept {
  if (now < due(figures)) return Verdict::go_on;
  switch (awaited_) {
    case Awaited::request:
      all_read_ = figures.all_read();
      if (all_read_ && now >= since_ + options_->idle_timeout) return Verdict::idle;
      [[fallthrough]];
    case Awaited::reading:
      if (now < looked_ + options_->send_timeout) return Verdict::go_on;
      if (!reads(figures)) return Verdict::stalled;
      look(figures, now);
      return Verdict::go_on;
    case Awaited::head:
    case Awaited::body:
      return Verdict::slow;
    case Awaited::farewell:
      break;
  }
  return Verdict::over;
}

void Patience::look(const Figures& figures, Time now) noexcept {
  looked_ = now;
  sent_ = figures.sent;
  read_ = figures.read;
}

// Since the last look: all that there was, or enough of it.
bool Patience::reads(const Figures& figures) const noexcept {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options_->send_timeout);
  const auto enough = options_->min_rate * static_cast<std::uint64_t>(seconds.count());
  return figures.read >= std::min(sent_, read_ + std::max<std::uint64_t>(enough, 1));
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

}  // namespace cubby::server
