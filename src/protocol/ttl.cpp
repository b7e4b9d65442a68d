#include "protocol/ttl.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

namespace cubby::protocol {

std::optional<std::chrono::milliseconds> ttl_of(std::string_view text) noexcept {
  using Seconds = std::chrono::duration<double>;
  double seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, seconds);
  if (problem != std::errc{} || stop != end) return std::nullopt;
  const Seconds ttl(seconds);
  // Written so that what is not a number is refused.
  if (!(ttl >= Seconds(kMinTtl) && ttl <= Seconds(kMaxTtl))) return std::nullopt;
  return std::chrono::milliseconds(std::llround(seconds * 1000));
}

std::chrono::milliseconds TtlPolicy::ttl_for(std::optional<std::chrono::milliseconds> asked) {
  using Count = std::chrono::milliseconds::rep;
  const std::chrono::milliseconds ttl = asked.value_or(options_.default_ttl);
  const auto share = static_cast<Count>(static_cast<double>(ttl.count()) * options_.jitter);
  const Count most = std::min(share, ttl.count() - 1);
  if (most <= 0) return ttl;
  return ttl - std::chrono::milliseconds(std::uniform_int_distribution<Count>(0, most)(random_));
}

}  // namespace cubby::protocol
