#include "app/budget.hpp"

#include <cmath>

#include <cubby/cache.hpp>

#include "app/values.hpp"

namespace cubby::app {

Budget make_budget(const MemoryAmount& amount, const Machine& machine) {
  const std::string available = format_size(machine.memory_bytes) + ", " + machine.memory_source;
  if (amount.percentage == 0) {
    Budget budget{amount.bytes, "", ""};
    if (amount.bytes > machine.memory_bytes) budget.reason = "more than " + available;
    return budget;
  }

  const double share = static_cast<double>(machine.memory_bytes) * amount.percentage / 100;
  const auto bytes = static_cast<std::uint64_t>(share);
  const std::string reason = format_percentage(amount.percentage) + " of " + available;
  if (bytes < kMinDaemonMemoryBytes) {
    return {0, "",
            reason + ", is " + format_size(bytes) + ": the smallest that will do is " +
                format_size(kMinDaemonMemoryBytes)};
  }
  if (bytes > kMaxMemoryBytes) {
    return {kMaxMemoryBytes, "the most that can be used; " + reason + ", would be more", ""};
  }
  return {static_cast<std::size_t>(bytes), reason, ""};
}

}  // namespace cubby::app
