// Finds the entries that have expired and gives their memory back.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/mutex.hpp"
#include "core/shard.hpp"

namespace cubby {

// Goes round the arena's pages and reads those on which something may have expired. An entry needs
// no memory for it, there is no wheel or heap to keep in order on a put, and a shard's lock is held
// for the removal of one entry.
//
// Thread safety: all member functions may be called from any thread that holds no shard's lock.
class Sweeper {
 public:
  // Both must outlive the sweeper.
  Sweeper(CacheState& state, const std::vector<std::unique_ptr<Shard>>& shards)
      : state_(state), shards_(shards) {}

  // Whether an entry may have expired that is still there.
  bool due() const noexcept {
    const std::uint64_t earliest = state_.expiry_hints.earliest();
    return earliest != ExpiryHints::kNever && earliest <= state_.now_ms();
  }

  struct Progress {
    std::size_t removed = 0;  // entries
    bool more = false;        // stopped before it had been all the way round
  };

  // Removes what has expired, from where the last call stopped, until it has read `most_pages`
  // pages or been all the way round.
  Progress sweep(std::size_t most_pages) CUBBY_EXCLUDES(mutex_);

 private:
  std::size_t sweep_page(PageNumber page, std::uint64_t now);

  CacheState& state_;
  const std::vector<std::unique_ptr<Shard>>& shards_;
  Mutex mutex_;
  PageNumber next_ CUBBY_GUARDED_BY(mutex_) = 1;
};

}  // namespace cubby
