// What a cache is made with.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include <cubby/clock.hpp>

namespace cubby {

// The smallest budget, in bytes, that a cache can be made with.
inline constexpr std::size_t kMinMemoryBytes = std::size_t{1} << 20;
// The largest budget, 31 GiB: entries are addressed with 32 bits, in units of eight bytes.
inline constexpr std::size_t kMaxMemoryBytes = std::size_t{31} << 30;
inline constexpr std::size_t kMaxShards = 256;

// Decides what an entry counts for in the budget, in bytes, from its key and the size of its value.
// Must be a pure function: the charge is asked for again when the entry goes.
using ChargeFunction = std::function<std::size_t(std::string_view key, std::size_t value_bytes)>;

struct CacheOptions {
  // The budget for everything that the cache holds: entries at the size that their memory really
  // takes, and the index. At least kMinMemoryBytes.
  std::size_t max_memory_bytes = std::size_t{64} << 20;

  // How many independently locked parts there are: a power of two from 1 to kMaxShards.
  std::size_t shards = 64;

  // The most entries that one shard may hold; 0 means no limit. A shard that is full evicts its own
  // least recently used entry, even while there is room in the budget or while an entry that was
  // used later has expired.
  std::size_t capacity_per_shard = 0;

  // Seeds the hash of keys. Left empty, a random seed is drawn, so that nobody can aim keys at one
  // shard who does not see the order of a listing; set it only to make a test repeatable.
  std::optional<std::uint64_t> hash_seed = std::nullopt;

  // Where time to live is measured. Not owned; must outlive the cache.
  const Clock* clock = &steady_clock();

  // Replaces the default charge, which is the memory that the entry's allocations take. When it is
  // set the budget counts nothing but the charges: simulators and tests want that, daemons do not.
  ChargeFunction charge = nullptr;
};

}  // namespace cubby
