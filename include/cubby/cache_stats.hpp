// What a cache says of itself.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace cubby {

struct CacheStats {
  // Counted since the cache was made.
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t inserts = 0;
  std::uint64_t replacements = 0;
  std::uint64_t evictions = 0;
  std::uint64_t expirations = 0;

  // As of now.
  std::uint64_t limit_bytes = 0;  // max_memory_bytes
  std::uint64_t entries = 0;
  std::uint64_t data_bytes = 0;  // keys and values
  // What counts against max_memory_bytes: the sum of the next four, or, when charges are custom,
  // those of the entries alone.
  std::uint64_t charged_bytes = 0;
  std::uint64_t entry_bytes = 0;  // the memory of entries, or their charges when those are custom
  std::uint64_t index_bytes = 0;
  std::uint64_t reserved_bytes = 0;  // by Reservations
  std::uint64_t detached_bytes = 0;  // values outside entries: of ValueWriters, and pinned ones
  // Memory that the cache has from the system for entries and that no entry uses at the moment.
  std::uint64_t slack_bytes = 0;
  // How long ago the least recently used entry was used: about how long an entry survives that
  // nobody uses. As exact as maintain() is called often; nothing when there are no entries.
  std::optional<std::chrono::milliseconds> oldest_age = std::nullopt;
};

}  // namespace cubby
