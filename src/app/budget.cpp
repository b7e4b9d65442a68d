#include "app/budget.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <cubby/cache_options.hpp>

#include "app/values.hpp"

namespace cubby::app {
namespace {

// The least memory of which the percentage comes to a budget that will do. In whole MiB, and
// rounded up: who gives that much must not be refused again.
std::string least_memory(double percentage) {
  constexpr double kMiB = 1 << 20;
  const double for_share = static_cast<double>(kMinDaemonMemoryBytes) * 100 / percentage;
  const double least =
      std::max(for_share, static_cast<double>(kMinDaemonMemoryBytes + kReservedBytes));
  char number[32];
  std::snprintf(number, sizeof number, "%.0f", std::ceil(least / kMiB));
  return std::string(number) + " MiB";
}

Budget taken_as_it_is(std::uint64_t bytes, std::uint64_t unreserved, const std::string& available) {
  Budget budget;
  budget.bytes = static_cast<std::size_t>(bytes);
  if (bytes <= unreserved) return budget;
  const std::string rest =
      "leaves less than " + format_size(kReservedBytes) + " free of " + available;
  budget.reason = "which " + rest;
  budget.warning = "the memory limit of " + format_size(bytes) + ' ' + rest +
                   ": the kernel may kill the process";
  return budget;
}

}  // namespace

Budget make_budget(const MemoryAmount& amount, const Machine& machine) {
  const std::string available = format_size(machine.memory_bytes) + ", " + machine.memory_source;
  const std::uint64_t unreserved =
      machine.memory_bytes - std::min(machine.memory_bytes, kReservedBytes);
  if (amount.percentage == 0) return taken_as_it_is(amount.bytes, unreserved, available);

  const std::string asked = format_percentage(amount.percentage);
  const std::string reserve = format_size(kReservedBytes);
  const auto share = static_cast<std::uint64_t>(static_cast<double>(machine.memory_bytes) *
                                                amount.percentage / 100);
  const std::uint64_t bytes = std::min(share, unreserved);
  Budget budget;
  if (bytes < kMinDaemonMemoryBytes) {
    const std::string least = format_size(kMinDaemonMemoryBytes);
    budget.problem = asked + " of " + available + ", with at least " + reserve +
                     " left free, is less than " + least +
                     ", the smallest that will do: it takes a machine or a container of at least " +
                     least_memory(amount.percentage) + ", or --max-memory 8m";
    return budget;
  }
  budget.bytes = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, kMaxMemoryBytes));
  if (bytes > kMaxMemoryBytes) {
    budget.reason = "the most that can be used; " + asked + " of " + available + ", would be more";
  } else if (share > unreserved) {
    budget.reason = "all but " + reserve + " of " + available + "; " + asked + " would leave less";
  } else {
    budget.reason = asked + " of " + available;
  }
  return budget;
}

}  // namespace cubby::app
