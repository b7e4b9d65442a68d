// What a shard does with all of its entries, at once or one after the other.

#include <algorithm>
#include <string>

#include "core/prefetch.hpp"
#include "core/shard.hpp"

namespace cubby {

void Shard::clear(Index::Tables& spare) {
  if (newest_ == 0) return;
  settle();
  const std::size_t entries = index_.size();
  const std::size_t index_bytes = index_.memory_bytes();
  index_.clear(spare);
  account_index(index_bytes);
  cleared_.add(newest_, oldest_, entries);
  state_.cleared_entries.fetch_add(entries, std::memory_order_relaxed);
  newest_ = oldest_ = 0;
  publish_hints();
  stats_.data_bytes = 0;
}

void Shard::forget_cleared(Ref entry, ReleasedValues& released) {
  state_.budget.refund(charge_of(header(entry)));
  cleared_.take_out(entry);
  state_.cleared_entries.fetch_sub(1, std::memory_order_relaxed);
  released.add(state_.store.destroy(entry));
}

bool Shard::remove_cleared() {
  constexpr int kRemovedUnderOneLock = 32;
  ReleasedValues released;
  const MutexLock lock(mutex_);
  if (cleared_.size() == 0) return false;
  for (int i = 0; i < kRemovedUnderOneLock && cleared_.size() != 0; ++i) {
    forget_cleared(cleared_.first(), released);
  }
  return true;
}

bool Shard::list_some(Listing& listing, unsigned shard_bits) {
  const MutexLock lock(mutex_);
  if (index_.size() == 0) return false;
  const std::uint32_t begin = listing.next.place(shard_bits);
  const std::uint64_t end = index_.piece_end(begin, listing.chunks);
  listing.found.clear();
  index_.for_each_between(begin, end, [&](Ref entry) {
    // All of them are asked for before the first is read.
    prefetch(state_.arena.at(entry));
    listing.found.push_back({{}, entry});
  });
  listing.examined += std::max<std::size_t>(listing.found.size(), listing.chunks);
  for (Listing::Found& found : listing.found) {
    found.rank = KeyRank::of(KeyHash::of(header(found.entry).key(), state_.seed), shard_bits);
  }
  // During a resize the tables' chunks do not begin at the same places.
  const auto beside = [&](const Listing::Found& found) {
    return found.rank.value < listing.next.value || found.rank.place(shard_bits) >= end;
  };
  std::erase_if(listing.found, beside);
  std::sort(listing.found.begin(), listing.found.end(),
            [](const auto& a, const auto& b) { return a.rank.value < b.rank.value; });
  std::uint64_t last = 0;
  for (const Listing::Found& found : listing.found) {
    // Keys of one hash go together: no cursor leads between them.
    if (listing.counted >= listing.limits.most && found.rank.value != last) {
      listing.next = found.rank;
      listing.enough = true;
      return true;
    }
    last = found.rank.value;
    const SlotHeader& h = header(found.entry);
    if (!expired(h) && listing.visit(listing.context, h.key(), view(found.entry))) {
      ++listing.counted;
    }
  }
  if (end > UINT32_MAX) return false;
  listing.next = listing.next.with_place(static_cast<std::uint32_t>(end), shard_bits);
  return true;
}

void Shard::check_invariants(std::string& problems, std::size_t* charged) {
  const MutexLock lock(mutex_);
  settle();
  const auto report = [&](const char* what) {
    problems += "shard " + std::to_string(id_) + ": " + what + "\n";
  };
  std::size_t entries = 0;
  std::size_t data_bytes = 0;
  Ref previous = 0;
  for (Ref entry = newest_; entry != 0; entry = header(entry).next) {
    const SlotHeader& h = header(entry);
    if (h.previous != previous) report("an entry's link back does not match");
    if (h.get_meta().owner() != id_) report("an entry belongs to another shard");
    if (h.get_meta().is_block()) report("a block is in the list of entries");
    if (previous != 0 && static_cast<std::int32_t>(header(previous).touched - h.touched) < 0) {
      report("an entry was used later than the one before it");
    }
    if (!index_.find(KeyHash::of(h.key(), state_.seed), entry)) report("an entry is not indexed");
    data_bytes += h.key().size() + h.value_size;
    *charged += charge_of(h);
    if (const LargeValue* const large = state_.store.large_value(entry)) {
      *charged += large->charge();
      if (large->size() != h.value_size) report("a large value's size is not its entry's");
    }
    previous = entry;
    if (++entries > index_.size()) break;
  }
  std::size_t cleared = 0;
  Ref previous_cleared = 0;
  for (Ref entry = cleared_.first(); entry != 0; entry = header(entry).next) {
    const SlotHeader& h = header(entry);
    if (h.previous != previous_cleared) report("a cleared entry's link back does not match");
    if (h.get_meta().owner() != id_) report("a cleared entry belongs to another shard");
    if (index_.find(KeyHash::of(h.key(), state_.seed), entry)) report("a cleared entry is indexed");
    *charged += charge_of(h);
    if (const LargeValue* const large = state_.store.large_value(entry)) {
      *charged += large->charge();
    }
    previous_cleared = entry;
    if (++cleared > cleared_.size()) break;
  }
  if (cleared != cleared_.size()) report("the list of cleared entries differs from its size");
  if (!index_.consistent()) report("the index does not agree with itself");
  if (previous != oldest_) report("the list does not end with the oldest entry");
  if (entries != index_.size()) report("the list and the index differ in size");
  if (data_bytes != stats_.data_bytes) report("the counter of data bytes is off");
  if (state_.capacity_per_shard != 0 && entries > state_.capacity_per_shard) {
    report("there are more entries than the shard's capacity");
  }
}

}  // namespace cubby
