// A load that is hard on an allocator: a full cache is refilled with values of one size after
// another, and the process must keep within its bound all the while.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "support/client.hpp"
#include "support/process_memory.hpp"

namespace cubby::test {

struct ChurnPhase {
  const char* name = nullptr;
  std::size_t value_bytes = 0;  // 0: lognormal from 32 B to 512 KiB
  double least_stored = 0;      // keys and values, as a share of the limit
};

// What a run begins with, and the phases of a round.
inline constexpr ChurnPhase kFirstFill{"512 B", 512, 0.75};
std::span<const ChurnPhase> churn_round();

// The most that may be resident with a limit, both in bytes.
std::size_t resident_bound(std::size_t limit_bytes);

struct ChurnResult {
  double stored = 0;  // keys and values, as a share of the limit
  std::size_t most_resident_bytes = 0;
  double average_entry_bytes = 0;  // key and value

  // What does not hold; empty when everything does.
  std::vector<std::string> problems;
};

// Loads one daemon and watches its process. Deterministic but for which connection is ahead.
//
// Thread safety: none, but for what the sampler does by itself.
class Churn {
 public:
  // `turnover` is how much a phase puts, in keys and values, as a share of the limit: all of it
  // under different keys.
  Churn(const Address& address, int pid, std::size_t limit_bytes, double turnover);

  // Half of the puts replace an entry that is there, in an order that leaves holes everywhere; the
  // others insert one. Throws when the daemon does not answer as it should.
  ChurnResult run(const ChurnPhase& phase, int round);

  // Ends the sampling; labels are the phases' names.
  const std::vector<ResidentSample>& samples() { return sampler_.stop(); }

 private:
  const Address address_;
  const std::size_t limit_bytes_;
  const double turnover_;
  Client client_;
  ResidentSampler sampler_;
  std::uint64_t next_key_ = 0;
  std::uint64_t entries_ = 0;
};

}  // namespace cubby::test
