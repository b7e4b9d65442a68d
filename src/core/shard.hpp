// One of the cache's independently locked parts.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <cubby/cache.hpp>

#include "core/budget.hpp"
#include "core/cache_state.hpp"
#include "core/cleared_list.hpp"
#include "core/hash.hpp"
#include "core/index.hpp"
#include "core/large_value.hpp"
#include "core/listing.hpp"
#include "core/mutex.hpp"
#include "core/slot.hpp"

namespace cubby {

// A mutex, an index, a list of entries from the most to the least recently used, and one of entries
// that have been cleared.
//
// Thread safety: all member functions may be called from any thread. None of them takes the lock of
// another shard.
class alignas(64) Shard {
 public:
  // `id` is the owner that the shard's slots carry. `index_at`, which must outlive it, is kept up
  // to date with where the index is. Throws std::bad_alloc.
  Shard(CacheState& state, std::uint8_t id, Index::Whereabouts& index_at);
  ~Shard();

  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  enum class PutResult : std::uint8_t {
    inserted,
    replaced,
    no_credit,  // nothing was put: `*needed` is the credit that it takes
    no_memory,  // nothing was put: the arena is full
    // And of update(), when it was not to put:
    unchanged,
    erased,
    ttl_set,
  };

  // `charge` is the new entry's. Throws std::bad_alloc, with nothing done, when the index cannot
  // grow. Takes a large value over when something was put.
  PutResult put(KeyHash hash, std::string_view key, NewValue& value, const PutOptions& options,
                std::size_t charge, Credit& credit, std::size_t* needed) CUBBY_EXCLUDES(mutex_);

  // Says what to do with an entry, or without one, and which value to store.
  using DecideFunction = Change (*)(void* context, const ValueView* current, NewValue& value);

  // Asks `decide`, with the lock, and does it. Of the Change counts what says nothing of the value.
  // Counts a hit or a miss if `counts`. Otherwise as put().
  PutResult update(KeyHash hash, std::string_view key, DecideFunction decide, void* context,
                   bool counts, Credit& credit, std::size_t* needed) CUBBY_EXCLUDES(mutex_);

  // `ahead` is whether prefetch_neighbours() has been called for the key: it may be slower when
  // that is not so.
  bool get(KeyHash hash, std::string_view key, bool ahead, void (*sink)(void*, const ValueView&),
           void* context) CUBBY_EXCLUDES(mutex_);

  // Begin to fetch what a lookup of the hash reads, so that it need not wait: the entry, then
  // the entry's neighbours in the list. Each reads what the one before it fetches, and the first
  // the line of the index that Index::Whereabouts fetches. Hints: nothing depends on what they
  // find.
  void prefetch_entry(KeyHash hash) const noexcept CUBBY_EXCLUDES(mutex_);
  void prefetch_neighbours(KeyHash hash) const noexcept CUBBY_EXCLUDES(mutex_);

  bool erase(KeyHash hash, std::string_view key) CUBBY_EXCLUDES(mutex_);

  // Makes the entry, if there is one, the most recently used, and returns the size of its value.
  // Counts nothing.
  std::optional<std::size_t> touch(KeyHash hash, std::string_view key) CUBBY_EXCLUDES(mutex_);

  // The least recently used entry, as others see it.
  struct Oldest {
    std::uint32_t touched;  // when it was used, in uses of entries
    // How many uses ago that was. Modulo 2^32: an entry that sees more uses of others than that
    // looks younger than it is, and may then outlive the oldest entry of another shard.
    std::uint32_t age;
    std::size_t entries;  // how many the shard has, counted up to kMostCounted
  };
  static constexpr std::size_t kMostCounted = 16;

  // Nothing when there is no entry. A hint that takes no lock: other threads may be changing it.
  std::optional<Oldest> oldest() const noexcept;

  // Removes the least recently used entry, to make room; if it is given when that was `touched`,
  // only if it is still the same: others may have removed or used it, and the next may be needed.
  bool evict_oldest(std::optional<std::uint32_t> touched) CUBBY_EXCLUDES(mutex_);

  // Takes every entry out of the index at once. What they take is given up by remove_cleared().
  // `spare` is as Index::clear() takes it, and should go when the lock has been given up.
  //
  // The lock is the caller's here, who has that of every shard, so that all are cleared in one
  // moment. Nobody else may have two.
  void clear(Index::Tables& spare) CUBBY_REQUIRES(mutex_);
  void lock() CUBBY_ACQUIRE(mutex_) { mutex_.lock(); }
  void unlock() CUBBY_RELEASE(mutex_) { mutex_.unlock(); }

  // Removes some entries that have been cleared; false when there are none.
  bool remove_cleared() CUBBY_EXCLUDES(mutex_);

  // Does a piece of a listing that has come to this shard. Returns whether there is more here.
  bool list_some(Listing& listing, unsigned shard_bits) CUBBY_EXCLUDES(mutex_);

  // Removes the entry in the slot, if the slot is used, this shard's, and its entry has expired at
  // `now`, in milliseconds. Then returns true. The slot must be one that is being visited.
  bool expire_slot(Ref slot, std::uint64_t now) CUBBY_EXCLUDES(mutex_);

  // Moves what is in the slot to another slot, if the slot is used and this shard's. Returns false
  // when there is no other slot. The slot must be one that is being visited.
  bool move_slot(Ref slot) CUBBY_EXCLUDES(mutex_);

  // Does a piece of what is left of the resize of the index, if it has one. Returns whether there
  // is more. Like everything here that changes entries, get() excepted, it may leave the budget
  // exceeded by what the resize takes for a while.
  bool continue_resize() CUBBY_EXCLUDES(mutex_);

  void add_stats(CacheStats& stats) const CUBBY_EXCLUDES(mutex_);

  // Appends what is wrong, a line a problem; adds the entries' charges to `*charged`.
  void check_invariants(std::string& problems, std::size_t* charged) CUBBY_EXCLUDES(mutex_);

 private:
  // What an operation lets go of. It goes for good when the lock has been given up.
  struct Released {
    ReleasedValues values;
    Leftover index_memory;
  };

  SlotHeader& header(Ref entry) const noexcept { return state_.store.header(entry); }
  bool expired(const SlotHeader& entry) const noexcept;
  std::uint64_t expiry_of(std::chrono::milliseconds ttl) const noexcept;
  SlotMeta make_meta(std::uint64_t expiry, std::uint8_t flags) const noexcept;
  ValueView view(Ref entry) const noexcept;
  std::size_t charge_of(const SlotHeader& entry) const {
    return state_.charge(entry.key(), entry.value_size);
  }

  Index::Position find_live(KeyHash hash, std::string_view key, ReleasedValues& released)
      CUBBY_REQUIRES(mutex_);
  void remove(KeyHash hash, Index::Position at, ReleasedValues& released) CUBBY_REQUIRES(mutex_);
  void remove_oldest(Released& released) CUBBY_REQUIRES(mutex_);
  void forget_cleared(Ref entry, ReleasedValues& released) CUBBY_REQUIRES(mutex_);
  PutResult store(KeyHash hash, std::string_view key, const Index::Position& old, NewValue& value,
                  SlotMeta meta, std::size_t charge, Credit& credit, std::size_t* needed,
                  Released& released) CUBBY_REQUIRES(mutex_);
  void make_room(Released& released) CUBBY_REQUIRES(mutex_);
  void reserve_index(KeyHash hash, Released& released) CUBBY_REQUIRES(mutex_);
  bool resize_index(Released& released) CUBBY_REQUIRES(mutex_);
  void account_index(std::size_t bytes_before) CUBBY_REQUIRES(mutex_);

  void note_expiry(Ref entry) CUBBY_REQUIRES(mutex_);
  void push_front(Ref entry) CUBBY_REQUIRES(mutex_);
  void unlink(Ref entry) CUBBY_REQUIRES(mutex_);
  void touch(Ref entry) CUBBY_REQUIRES(mutex_);
  void settle() CUBBY_REQUIRES(mutex_);
  std::uint32_t count_use() CUBBY_REQUIRES(mutex_);
  void publish_hints() CUBBY_REQUIRES(mutex_);

  // What every use writes comes first, in one line.
  mutable Mutex mutex_;
  const std::uint8_t id_;  // never changes, and fills a gap
  Ref newest_ CUBBY_GUARDED_BY(mutex_) = 0;
  Ref oldest_ CUBBY_GUARDED_BY(mutex_) = 0;
  // An entry that has been used and is yet to be moved to the front of the list, or 0.
  Ref unsettled_ CUBBY_GUARDED_BY(mutex_) = 0;
  std::uint32_t uncounted_uses_ CUBBY_GUARDED_BY(mutex_) = 0;
  // What this shard adds to CacheStats, the most frequent first.
  struct Counters {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t replacements = 0;
    std::uint64_t inserts = 0;
    std::uint64_t data_bytes = 0;
    std::uint64_t evictions = 0;
    std::uint64_t expirations = 0;
  };
  Counters stats_ CUBBY_GUARDED_BY(mutex_);
  CacheState& state_;
  Index index_ CUBBY_GUARDED_BY(mutex_);
  Index::Whereabouts& index_at_;  // written with the lock
  ClearedList cleared_ CUBBY_GUARDED_BY(mutex_);

  // Oldest::entries in the upper half and Oldest::touched in the lower; 0 when there is no entry.
  // Written with the lock.
  std::atomic<std::uint64_t> hints_{0};
};

}  // namespace cubby
