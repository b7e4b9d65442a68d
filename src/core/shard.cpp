#include "core/shard.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/prefetch.hpp"

namespace cubby {

namespace {

// Uses are added to the count that all shards share in batches of a 64th of the shard's entries, at
// most this: threads seldom meet at the counter, and the order between two shards is blurred by no
// more than a few hundredths of the time that an entry survives.
constexpr std::size_t kMostUncountedUses = 64;

// How much of an entry is prefetched at the most: the processor follows what is longer by itself.
constexpr std::size_t kPrefetchedBytes = 512;

}  // namespace

// Invariants, with the lock held:
// - the list from newest_ to oldest_ holds just the entries of the index; after settle(), `touched`
//   never grows along it;
// - unsettled_, if there is one, is neither of its two ends: whatever is done at either settles
//   first, and what asks for oldest_ alone need not;
// - every slot of those entries carries id_ as its owner;
// - stats_.data_bytes is the sum of their keys' and values' sizes;
// - the entries of cleared_ carry id_ too, but are in neither list nor index;
// - the budget has the charges of all these entries.

CacheState::CacheState(const CacheOptions& options, std::size_t arena_bytes,
                       std::uint64_t hash_seed)
    : seed(hash_seed),
      clock(*options.clock),
      begin(clock.now()),
      custom_charge(options.charge),
      capacity_per_shard(options.capacity_per_shard),
      arena(arena_bytes),
      slab(arena),
      store(arena, slab),
      expiry_hints(arena.page_count()),
      budget(options.max_memory_bytes) {}

Shard::Shard(CacheState& state, std::uint8_t id, Index::Whereabouts& index_at)
    : id_(id),
      state_(state),
      index_(state.arena, state.seed),
      index_at_(index_at),
      cleared_(state.store) {
  const MutexLock lock(mutex_);
  account_index(0);
}

// The arena goes as a whole, but what keeps account of large values is outside it.
Shard::~Shard() {
  const MutexLock lock(mutex_);
  if (state_.large_values.load(std::memory_order_relaxed) == 0) return;
  for (const Ref first : {newest_, cleared_.first()}) {
    for (Ref entry = first; entry != 0;) {
      const Ref next = header(entry).next;
      PinnedValue released = state_.store.destroy(entry);
      entry = next;
    }
  }
}

void Shard::account_index(std::size_t bytes_before) {
  index_at_.follow(index_);
  const std::size_t bytes = index_.memory_bytes();
  if (bytes == bytes_before) return;
  // Unsigned arithmetic wraps, so adding the difference is right when it is negative too.
  state_.index_bytes.fetch_add(bytes - bytes_before, std::memory_order_relaxed);
  if (!state_.custom_charge) state_.budget.charge(bytes - bytes_before);
}

void Shard::reserve_index(KeyHash hash, Released& released) {
  const std::size_t bytes_before = index_.memory_bytes();
  try {
    index_.reserve(hash, released.index_memory);
  } catch (...) {
    account_index(bytes_before);
    throw;
  }
  account_index(bytes_before);
}

bool Shard::resize_index(Released& released) {
  const std::size_t bytes_before = index_.memory_bytes();
  const bool more = index_.continue_resize(released.index_memory);
  account_index(bytes_before);
  return more;
}

bool Shard::expired(const SlotHeader& entry) const noexcept {
  const std::uint64_t expiry = entry.get_meta().expiry();
  return expiry != 0 && expiry <= state_.now_ms();
}

// When what is given this time to live expires; 0 means never.
std::uint64_t Shard::expiry_of(std::chrono::milliseconds ttl) const noexcept {
  if (ttl.count() == 0) return 0;
  const std::uint64_t now = state_.now_ms();
  if (ttl.count() < 0) return now;
  return std::min(now + static_cast<std::uint64_t>(ttl.count()), SlotMeta::kLatestExpiry);
}

SlotMeta Shard::make_meta(std::uint64_t expiry, std::uint8_t flags) const noexcept {
  return SlotMeta().with_owner(id_).with_user_flags(flags).with_expiry(expiry);
}

ValueView Shard::view(Ref entry) const noexcept {
  ValueView view = state_.store.value(entry);
  view.state_ = &state_;
  return view;
}

std::uint32_t Shard::count_use() {
  ++uncounted_uses_;
  if (uncounted_uses_ >= kMostUncountedUses || uncounted_uses_ >= index_.size() / 64) {
    state_.uses.fetch_add(uncounted_uses_, std::memory_order_relaxed);
    uncounted_uses_ = 0;
  }
  return state_.uses.load(std::memory_order_relaxed);
}

// The list changes before the index does: where there is an oldest entry, there is one at least.
void Shard::publish_hints() {
  std::uint64_t hints = 0;
  if (oldest_ != 0) {
    const std::uint64_t size = std::clamp<std::size_t>(index_.size(), 1, kMostCounted);
    hints = size << 32 | header(oldest_).touched;
  }
  hints_.store(hints, std::memory_order_relaxed);
}

void Shard::note_expiry(Ref entry) {
  const std::uint64_t expiry = header(entry).get_meta().expiry();
  if (expiry != 0) state_.expiry_hints.note(Arena::page_of(entry), expiry);
}

void Shard::push_front(Ref entry) {
  settle();
  SlotHeader& h = header(entry);
  h.touched = count_use();
  h.previous = 0;
  h.next = newest_;
  if (newest_ != 0) header(newest_).previous = entry;
  newest_ = entry;
  if (oldest_ == 0) {
    oldest_ = entry;
    publish_hints();
  }
}

void Shard::unlink(Ref entry) {
  settle();
  const SlotHeader& h = header(entry);
  (h.previous != 0 ? header(h.previous).next : newest_) = h.next;
  if (h.next != 0) {
    header(h.next).previous = h.previous;
  } else {
    oldest_ = h.previous;
    publish_hints();
  }
}

// Makes the entry the most recently used. To move it to the front writes to its neighbours in the
// list, which are seldom in the CPU's cache, and the next lock that this thread takes, of whatever
// shard, must wait until those writes are done. So they are only asked for now, and written when
// the list is next changed.
void Shard::touch(Ref entry) {
  settle();
  SlotHeader& h = header(entry);
  h.touched = count_use();
  if (entry == newest_) {
    if (entry == oldest_) publish_hints();
    return;
  }
  unsettled_ = entry;
  if (entry == oldest_) return settle();
  prefetch_for_write(state_.arena.at(h.previous));
  prefetch_for_write(state_.arena.at(h.next));
}

std::optional<std::size_t> Shard::touch(KeyHash hash, std::string_view key) {
  const MutexLock lock(mutex_);
  const Index::Position at = index_.find(hash, key);
  if (!at || expired(header(at.ref))) return std::nullopt;
  touch(at.ref);
  return header(at.ref).value_size;
}

void Shard::settle() {
  if (unsettled_ == 0) return;
  const Ref entry = std::exchange(unsettled_, 0);
  // As unlink() and push_front() of an entry that has one before it.
  SlotHeader& h = header(entry);
  header(h.previous).next = h.next;
  if (h.next != 0) {
    header(h.next).previous = h.previous;
  } else {
    oldest_ = h.previous;
    publish_hints();
  }
  h.previous = 0;
  h.next = newest_;
  header(newest_).previous = entry;
  newest_ = entry;
}

void Shard::remove(KeyHash hash, Index::Position at, ReleasedValues& released) {
  const SlotHeader& h = header(at.ref);
  stats_.data_bytes -= h.key().size() + h.value_size;
  state_.budget.refund(charge_of(h));
  unlink(at.ref);
  index_.erase(hash, at);
  if (index_.size() < kMostCounted) publish_hints();
  released.add(state_.store.destroy(at.ref));
}

void Shard::remove_oldest(Released& released) {
  const Ref entry = oldest_;
  const KeyHash hash = KeyHash::of(header(entry).key(), state_.seed);
  remove(hash, index_.find(hash, entry), released.values);
  resize_index(released);
}

void Shard::make_room(Released& released) {
  ++(expired(header(oldest_)) ? stats_.expirations : stats_.evictions);
  remove_oldest(released);
}

// Leaves the index as large as it is, so that a get() never takes part in a resize.
Index::Position Shard::find_live(KeyHash hash, std::string_view key, ReleasedValues& released) {
  const Index::Position at = index_.find(hash, key);
  if (!at || !expired(header(at.ref))) return at;
  remove(hash, at, released);
  ++stats_.expirations;
  return {};
}

Shard::PutResult Shard::put(KeyHash hash, std::string_view key, NewValue& value,
                            const PutOptions& options, std::size_t charge, Credit& credit,
                            std::size_t* needed) {
  const SlotMeta meta = make_meta(expiry_of(options.ttl), options.flags);
  Released released;
  const MutexLock lock(mutex_);
  const Index::Position old = find_live(hash, key, released.values);
  return store(hash, key, old, value, meta, charge, credit, needed, released);
}

// Puts the value in place of `old`, which is what find_live() has found.
[[gnu::always_inline]] inline Shard::PutResult Shard::store(
    KeyHash hash, std::string_view key, const Index::Position& old, NewValue& value, SlotMeta meta,
    std::size_t charge, Credit& credit, std::size_t* needed, Released& released) {
  const std::size_t size = value.size();
  if (!old && state_.capacity_per_shard != 0 && index_.size() >= state_.capacity_per_shard) {
    make_room(released);
  }
  const std::size_t old_size = old ? header(old.ref).value_size : 0;
  const std::size_t old_charge = !old               ? 0
                                 : old_size == size ? charge
                                                    : state_.charge(key, old_size);
  const std::size_t extra = charge > old_charge ? charge - old_charge : 0;
  if (!credit.raise_to(extra)) {
    *needed = extra;
    return PutResult::no_credit;
  }

  if (old) {
    if (state_.store.overwrite(old.ref, value, meta)) {
      note_expiry(old.ref);
      touch(old.ref);
    } else {
      const Ref entry = state_.store.create(key, value, meta);
      if (entry == 0) return PutResult::no_memory;
      note_expiry(entry);
      unlink(old.ref);
      push_front(entry);
      index_.replace(old, entry);
      released.values.add(state_.store.destroy(old.ref));
    }
    credit.spend(extra);
    if (old_charge > charge) state_.budget.refund(old_charge - charge);
    stats_.data_bytes += size - old_size;
    ++stats_.replacements;
    return PutResult::replaced;
  }

  reserve_index(hash, released);
  const Ref entry = state_.store.create(key, value, meta);
  if (entry == 0) return PutResult::no_memory;
  credit.spend(extra);
  note_expiry(entry);
  push_front(entry);
  index_.insert(hash, entry);
  if (index_.size() <= kMostCounted) publish_hints();
  stats_.data_bytes += key.size() + size;
  ++stats_.inserts;
  return PutResult::inserted;
}

Shard::PutResult Shard::update(KeyHash hash, std::string_view key, DecideFunction decide,
                               void* context, bool counts, Credit& credit, std::size_t* needed) {
  Released released;
  NewValue value;
  const MutexLock lock(mutex_);
  const Index::Position at = find_live(hash, key, released.values);
  if (counts) ++(at ? stats_.hits : stats_.misses);
  std::optional<ValueView> current;
  if (at) current = view(at.ref);
  const Change change = decide(context, current ? &*current : nullptr, value);
  if (change.kind == Change::Kind::store) {
    const std::uint64_t expiry = change.ttl ? expiry_of(*change.ttl)
                                 : at       ? header(at.ref).get_meta().expiry()
                                            : 0;
    return store(hash, key, at, value, make_meta(expiry, change.flags),
                 state_.charge(key, value.size()), credit, needed, released);
  }
  if (!at || change.kind == Change::Kind::none) return PutResult::unchanged;
  if (change.kind == Change::Kind::erase) {
    remove(hash, at, released.values);
    resize_index(released);
    return PutResult::erased;
  }
  if (change.ttl) {
    SlotHeader& h = header(at.ref);
    store_meta(h, h.get_meta().with_expiry(expiry_of(*change.ttl)));
    note_expiry(at.ref);
  }
  touch(at.ref);
  return PutResult::ttl_set;
}

bool Shard::get(KeyHash hash, std::string_view key, bool ahead,
                void (*sink)(void*, const ValueView&), void* context) {
  ReleasedValues released;
  const MutexLock lock(mutex_);
  const Index::Position at = find_live(hash, key, released);
  if (!at) {
    ++stats_.misses;
    return false;
  }
  ++stats_.hits;
  touch(at.ref);
  // Where the neighbours are at hand, there is nothing to be gained by waiting, and another
  // thread's CPU, which may be the next to come by, does not have them.
  if (ahead) settle();
  sink(context, view(at.ref));
  return true;
}

void Shard::prefetch_entry(KeyHash hash) const noexcept {
  const MutexLock lock(mutex_);
  const Ref entry = index_.guess(hash);
  if (entry != 0) prefetch_slot(state_.arena, entry);
}

void Shard::prefetch_neighbours(KeyHash hash) const noexcept {
  const MutexLock lock(mutex_);
  const Ref entry = index_.guess(hash);
  if (entry == 0) return;
  const SlotHeader& h = header(entry);
  for (const Ref neighbour : {h.previous, h.next}) prefetch_for_write(state_.arena.at(neighbour));
  const auto* const at = reinterpret_cast<const std::byte*>(&h);
  const std::size_t bytes = sizeof h + h.key().size() + h.value_size;
  for (std::size_t i = kPrefetchedSlotBytes; i < std::min(bytes, kPrefetchedBytes);
       i += kLineBytes) {
    prefetch(at + i);
  }
}

bool Shard::erase(KeyHash hash, std::string_view key) {
  Released released;
  const MutexLock lock(mutex_);
  const Index::Position at = find_live(hash, key, released.values);
  if (!at) return false;
  remove(hash, at, released.values);
  resize_index(released);
  return true;
}

std::optional<Shard::Oldest> Shard::oldest() const noexcept {
  const std::uint64_t hints = hints_.load(std::memory_order_relaxed);
  if (hints == 0) return std::nullopt;
  const auto touched = static_cast<std::uint32_t>(hints);
  // Modulo 2^32, so that the count may wrap.
  return Oldest{.touched = touched,
                .age = state_.uses.load(std::memory_order_relaxed) - touched,
                .entries = static_cast<std::size_t>(hints >> 32)};
}

bool Shard::evict_oldest(std::optional<std::uint32_t> touched) {
  Released released;
  const MutexLock lock(mutex_);
  if (oldest_ == 0) return false;
  const auto current = static_cast<std::uint32_t>(hints_.load(std::memory_order_relaxed));
  if (touched && *touched != current) return false;
  make_room(released);
  return true;
}

bool Shard::expire_slot(Ref slot, std::uint64_t now) {
  Released released;
  const MutexLock lock(mutex_);
  const SlotMeta meta = load_meta(header(slot));
  if (!meta.used() || meta.owner() != id_ || meta.is_block()) return false;
  if (meta.expiry() == 0 || meta.expiry() > now) return false;
  const KeyHash hash = KeyHash::of(header(slot).key(), state_.seed);
  const Index::Position at = index_.find(hash, slot);
  if (!at) {
    forget_cleared(slot, released.values);
    return true;
  }
  remove(hash, at, released.values);
  resize_index(released);
  ++stats_.expirations;
  return true;
}

bool Shard::move_slot(Ref slot) {
  const MutexLock lock(mutex_);
  const SlotMeta meta = load_meta(header(slot));
  // Between the caller's look and the lock the slot may have been freed, but not have changed
  // hands: slots of a page that is being drained are not handed out.
  if (!meta.used() || meta.owner() != id_) return true;
  if (meta.is_block()) return state_.store.move(slot) != 0;

  const KeyHash hash = KeyHash::of(header(slot).key(), state_.seed);
  const Index::Position at = index_.find(hash, slot);
  settle();
  const Ref moved = state_.store.move(slot);
  if (moved == 0) return false;
  note_expiry(moved);
  if (!at) {
    cleared_.follow(moved);
    return true;
  }
  index_.replace(at, moved);
  const SlotHeader& h = header(moved);
  (h.previous != 0 ? header(h.previous).next : newest_) = moved;
  (h.next != 0 ? header(h.next).previous : oldest_) = moved;
  return true;
}

bool Shard::continue_resize() {
  constexpr int kPiecesUnderOneLock = 2;
  Released released;
  const MutexLock lock(mutex_);
  for (int i = 0; i < kPiecesUnderOneLock; ++i) {
    if (!resize_index(released)) return false;
  }
  return true;
}

void Shard::add_stats(CacheStats& stats) const {
  const MutexLock lock(mutex_);
  stats.hits += stats_.hits;
  stats.misses += stats_.misses;
  stats.inserts += stats_.inserts;
  stats.replacements += stats_.replacements;
  stats.evictions += stats_.evictions;
  stats.expirations += stats_.expirations;
  stats.data_bytes += stats_.data_bytes;
  stats.entries += index_.size();
}

}  // namespace cubby
