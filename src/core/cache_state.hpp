// What the shards of a cache share.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <cubby/cache.hpp>

#include "core/budget.hpp"
#include "core/entry_store.hpp"
#include "core/expiry_hints.hpp"
#include "core/use_timeline.hpp"

namespace cubby {

// Whether there can be an entry with this key.
inline bool is_valid_key(std::string_view key) noexcept {
  return !key.empty() && key.size() <= kMaxKeyBytes;
}

// Thread safety: every member may be used from any thread.
struct CacheState {
  explicit CacheState(const CacheOptions& options, std::size_t arena_bytes,
                      std::uint64_t hash_seed);

  // What an entry counts for in the budget.
  std::size_t charge(std::string_view key, std::size_t value_size) const {
    return custom_charge ? custom_charge(key, value_size)
                         : EntryStore::footprint(key.size(), value_size);
  }
  // The cache's own time, from 1 when it was made, so that it fits an entry's expiry whatever the
  // clock counts from.
  std::uint64_t now_ms() const noexcept {
    return static_cast<std::uint64_t>((clock.now() - begin).count()) + 1;
  }

  const std::uint64_t seed;
  const Clock& clock;
  const std::chrono::milliseconds begin;
  const ChargeFunction custom_charge;
  const std::size_t capacity_per_shard;
  Arena arena;
  Slab slab;
  EntryStore store;
  ExpiryHints expiry_hints;
  Budget budget;
  // The memory of all indexes. It is part of the charge, unless the charge is a custom one.
  std::atomic<std::size_t> index_bytes{0};
  // What else of the charge no eviction can free: Reservations, and large values that are no
  // entry's.
  std::atomic<std::size_t> reserved_bytes{0};
  std::atomic<std::size_t> detached_bytes{0};
  // How often that left too little room.
  std::atomic<std::uint64_t> shortages{0};
  // How many entries have been cleared and still take memory.
  std::atomic<std::size_t> cleared_entries{0};
  // How many large values there are.
  std::atomic<std::size_t> large_values{0};
  // Counts uses of entries, over all shards: what "used longer ago" means between two shards.
  alignas(64) std::atomic<std::uint32_t> uses{0};
  UseTimeline use_timeline;
};

}  // namespace cubby
