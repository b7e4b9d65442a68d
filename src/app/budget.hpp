// How much memory the cache gets: what was asked for, measured against what there is.

#pragma once

#include <cstddef>
#include <string>

#include "app/machine.hpp"
#include "app/settings.hpp"

namespace cubby::app {

struct Budget {
  std::size_t bytes = 0;
  // In words: "70% of 2 GiB, the machine's memory". Empty for an amount in bytes that fits there.
  std::string reason;
  std::string problem;  // what is wrong, in words; empty when nothing is, and then bytes is valid
};

// A percentage that comes to more than the cache can use is lowered to that; one that comes to less
// than kMinDaemonMemoryBytes is a problem. Bytes are taken as they are.
Budget make_budget(const MemoryAmount& amount, const Machine& machine);

}  // namespace cubby::app
