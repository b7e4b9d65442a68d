// Where room for a new entry comes from: the budget, by evicting, and pages, by moving slots.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "core/cache_state.hpp"
#include "core/compactor.hpp"
#include "core/large_value.hpp"
#include "core/shard.hpp"
#include "core/size_classes.hpp"
#include "core/sweeper.hpp"

namespace cubby {

// Unused slots that may lie about before slots are moved. The part per class is what moving cannot
// gain; the rest is what saves moving for every new page.
constexpr std::size_t slack_bytes(std::size_t limit) {
  return kSizeClassCount * kPageBytes + limit / 50;
}

// Thread safety: all member functions may be called from any thread that holds no shard's lock.
class Room {
 public:
  using Shards = std::vector<std::unique_ptr<Shard>>;

  // Both must outlive it. The shards may be made afterwards; there must be a power of two of them.
  Room(CacheState& state, const Shards& shards)
      : state_(state),
        shards_(shards),
        most_bytes_(state.budget.limit() + slack_bytes(state.budget.limit())),
        compactor_(state, shards),
        sweeper_(state, shards),
        victim_random_(state.seed) {}

  // Evicts until `take()` has had `bytes` from the budget, and returns true; or false when they
  // cannot be had. Where that is seen at once nothing has been evicted.
  template <class Take>
  bool find(std::size_t bytes, Take take) {
    const std::size_t limit = state_.budget.limit();
    while (!take()) {
      if (!is_attainable(bytes)) return false;
      if (evict()) continue;
      if (bytes > limit - std::min(unevictable_bytes(), limit)) return count_shortage();
      // What there is is on its way to a shard in other threads.
      std::this_thread::yield();
    }
    return true;
  }

  // Whether so much could be had now if all entries went; counts a shortage when not.
  bool is_attainable(std::size_t bytes) {
    const std::size_t limit = state_.budget.limit();
    const std::size_t kept = state_.reserved_bytes.load(std::memory_order_relaxed) +
                             state_.detached_bytes.load(std::memory_order_relaxed) +
                             least_index_bytes();
    return bytes <= limit - std::min(kept, limit) || count_shortage();
  }

  // Sees to it that `bytes` for entries find pages without the cache taking more memory than its
  // limit and the slack.
  void make_pages(std::size_t bytes) {
    if (state_.custom_charge) return;
    const std::size_t taken = outside_bytes() + bytes;
    const std::size_t most_pages =
        (most_bytes_ - std::min(taken, state_.budget.limit())) / kPageBytes;
    if (state_.arena.pages_in_use() > most_pages ||
        state_.arena.resident_pages() > most_pages + kMostKept) {
      reduce_pages_to(most_pages);
    }
  }

  // Whether the budget can have an entry of this charge at all.
  bool can_have(std::size_t charge, std::size_t value_size) const noexcept {
    if (!state_.custom_charge && value_size > kLargeValueBytes) {
      charge += LargeValue::footprint(value_size);
    }
    return charge <= largest_charge();
  }
  // Whether an entry could be stored if there were no other, and so many bytes of something else
  // beside it. An invalid key never could. Asks for a page more than can_have_pages() does, so that
  // what can never be had is not taken for what cannot be had now.
  bool fits(std::string_view key, std::size_t value_size, std::size_t bytes_beside = 0) const {
    return is_valid_key(key) && value_size <= kMaxValueBytes &&
           can_have(state_.charge(key, value_size) + with_spare(bytes_beside) +
                        (bytes_beside != 0 ? kPageBytes : 0),
                    value_size);
  }

  // Writes `bytes` into pages of the value, as many as it takes. Some of them may have been written
  // when the outcome is another than `appended`. Throws std::bad_alloc.
  ValueWriter::Outcome append(LargeValue& value, std::string_view bytes);

  // Adds a page that is charged. False when the budget, or the arena, cannot have another page even
  // without entries. Throws std::bad_alloc.
  bool add_page(LargeValue& value);

  // Makes room by removing what has been cleared, or what has expired, as far as a bounded search
  // finds it, or else by evicting one entry, or else from indexes that have become too large. False
  // when there is nothing of these.
  bool evict();

  // Evicts what is over the budget: the resize of an index takes memory that nobody has a credit
  // for.
  void keep_to_budget() {
    while (state_.budget.exceeded() && evict()) {
    }
  }

  // Does a piece of what can wait: removes what was cleared, sweeps, gives pages back, goes on with
  // resizes. Returns whether there may be more.
  bool tidy();

  // Whether the pages of a value of this size could be had now; as is_attainable().
  bool can_have_pages(std::size_t value_size, std::size_t bytes_beside = 0) {
    if (state_.custom_charge) return true;
    return is_attainable(LargeValue::footprint(value_size) + with_spare(bytes_beside));
  }

  // What an entry may be charged if it is to fit when it is alone. Some reservations stay for good;
  // those of a whole eighth of the budget do not.
  std::size_t largest_charge() const noexcept {
    const std::size_t limit = state_.budget.limit();
    if (state_.custom_charge) return limit;
    const std::size_t reserved = state_.reserved_bytes.load(std::memory_order_relaxed);
    return limit - least_index_bytes() - std::min(reserved, limit / 8);
  }

  // What of the budget's charge is not for entries.
  std::size_t unevictable_bytes() const noexcept {
    return outside_bytes() + state_.detached_bytes.load(std::memory_order_relaxed);
  }

 private:
  // What of the budget's charge is not in the arena.
  std::size_t outside_bytes() const noexcept {
    if (state_.custom_charge) return 0;
    return state_.index_bytes.load(std::memory_order_relaxed) +
           state_.reserved_bytes.load(std::memory_order_relaxed);
  }

  // What the indexes take when there are no entries.
  std::size_t least_index_bytes() const noexcept {
    return state_.custom_charge ? 0 : shards_.size() * Index::kLeastBytes;
  }

  // Returns false.
  bool count_shortage() {
    state_.shortages.fetch_add(1, std::memory_order_relaxed);
    return false;
  }

  // What is to stay, with what others may take between the question and the answer's use.
  std::size_t with_spare(std::size_t bytes_beside) const noexcept {
    return bytes_beside == 0 ? 0 : bytes_beside + state_.budget.limit() / kSparePart;
  }
  static constexpr std::size_t kSparePart = 64;

  // Empty pages that are kept: enough that classes trading pages with one another do not go through
  // the system each time.
  static constexpr std::size_t kMostKept = 64;

  void reduce_pages_to(std::size_t most_pages);
  struct Victim {
    Shard* shard = nullptr;  // null when there are no entries
    Shard::Oldest oldest = {};
  };
  Victim choose_victim();
  bool remove_cleared();
  bool continue_resizes();

  CacheState& state_;
  const Shards& shards_;
  const std::size_t most_bytes_;  // of pages
  Compactor compactor_;
  Sweeper sweeper_;
  std::atomic<std::uint64_t> victim_random_;
  std::atomic<std::size_t> next_to_resize_{0};
  std::atomic<std::size_t> next_cleared_{0};
};

}  // namespace cubby
