// How much memory the cache gets: what was asked for, measured against what there is.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "app/machine.hpp"
#include "app/settings.hpp"

namespace cubby::app {

// What a percentage leaves free, however high it is: room for the program (5 MB), for what the
// allocators hold beyond what they were asked for, and for what the kernel charges to a container
// besides, which is mainly the buffers of its sockets. A share alone would do in a large container,
// but in one of 64 MiB 70% leaves 19.
inline constexpr std::uint64_t kReservedBytes = std::uint64_t{32} << 20;

struct Budget {
  std::size_t bytes = 0;
  // Which rule decided, in words: "70% of 2 GiB, the machine's memory". Empty for an amount in
  // bytes that leaves enough free.
  std::string reason;
  std::string problem;  // what is wrong, in words; empty when nothing is, and then bytes is valid
  std::string warning;  // what may go wrong, in words; empty when nothing is likely to
};

// A percentage is taken of what there is, but leaves at least kReservedBytes of it, and is lowered
// to what the cache can use at most; when less than kMinDaemonMemoryBytes would remain that is a
// problem. Bytes are taken as they are, with a warning when they leave less than kReservedBytes.
Budget make_budget(const MemoryAmount& amount, const Machine& machine);

}  // namespace cubby::app
