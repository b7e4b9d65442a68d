#include "protocol/ttl.hpp"

#include <algorithm>

namespace cubby::protocol {

std::chrono::milliseconds TtlPolicy::ttl_for(std::optional<std::chrono::milliseconds> asked) {
  using Count = std::chrono::milliseconds::rep;
  const std::chrono::milliseconds ttl = asked.value_or(options_.default_ttl);
  const auto share = static_cast<Count>(static_cast<double>(ttl.count()) * options_.jitter);
  const Count most = std::min(share, ttl.count() - 1);
  if (most <= 0) return ttl;
  return ttl - std::chrono::milliseconds(std::uniform_int_distribution<Count>(0, most)(random_));
}

}  // namespace cubby::protocol
