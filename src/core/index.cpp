#include "core/index.hpp"

#include <algorithm>
#include <new>

#include "core/slot.hpp"

namespace cubby {

namespace {

constexpr std::uint32_t round_up(std::uint64_t chunks) {
  constexpr std::uint32_t kStep = ChunkTable::kLeastChunks;
  return static_cast<std::uint32_t>((chunks + kStep - 1) / kStep * kStep);
}

constexpr std::uint32_t grown(std::uint32_t chunks) {
  return round_up(std::uint64_t{chunks} + chunks / 6 + 1);
}

// Two thirds full: it takes a third more entries to make it grow again.
constexpr std::uint32_t shrunk_for(std::size_t entries) { return round_up(entries / 8 + 1); }

constexpr std::size_t shrinks_below(std::uint32_t chunks) {
  // A third: at half, a million entries that expire would be moved more than twice as often.
  // And so that shrunk_for() is less than `chunks`.
  const std::size_t gains_a_step = std::size_t{8} * (chunks - ChunkTable::kLeastChunks);
  return std::min(ChunkTable::most_entries(chunks) / 3, gains_a_step);
}

// A piece of a resize ends when it has moved this many entries or looked at this many chunks. A
// table has grown by the time that a fortieth of its entries have been added, which is what its
// regions that have not been moved yet must have room for.
constexpr std::size_t kMovedAtOnce = 40;
constexpr int kChunksAtOnce = 64;
static_assert(kMovedAtOnce + ChunkTable::kSlots - 1 == Index::kMostMovedAtOnce);

// How many chunks before it is moved a chunk's entries are asked for: each is a cache miss. That is
// as many as the next piece moves.
constexpr std::uint32_t kChunksAhead = 4;

}  // namespace

// Invariants:
// - without a resize all entries are in table_, and size_ <= most_entries(table_.count());
// - during one, an entry whose home in old_ is below done_ is in table_; from begun_ on, in old_;
//   between the two, in either;
// - old_ is a sound table all the time; its chunks below next_ have no entries, and those below
//   done_ have been given up;
// - of table_ only the first written_ chunks have been written to.
//
// So a lookup reads the lines of one table, but for keys of the one region that is being moved.
//
// What a bounded piece of work cannot do is done at once, however long it takes. The first case is
// a region of old_ that has no place for a new entry: the resize is finished. The second is an
// entry that finds no place in table_: a third, larger table takes all of both. At the sizes that
// are used a region is more than five standard deviations from either; it takes keys of one hash to
// get there.

Index::Index(const Arena& arena, std::uint64_t seed)
    : table_(ChunkTable::kLeastChunks), arena_(arena), seed_(seed) {
  if (!table_) throw std::bad_alloc();
}

std::size_t Index::memory_bytes() const noexcept {
  const std::size_t chunks =
      old_ ? std::size_t{old_.count()} - done_ + written_ : std::size_t{table_.count()};
  return chunks * ChunkTable::kChunkBytes;
}

KeyHash Index::hash_of(Ref entry) const noexcept {
  return KeyHash::of(header_at(arena_, entry).key(), seed_);
}

template <class Matches>
Index::Position Index::find_if(KeyHash hash, Matches matches) const noexcept {
  return !old_ ? Position{table_.find(hash, matches), false} : find_in_resize(hash, matches);
}

template <class Matches>
Index::Position Index::find_in_resize(KeyHash hash, Matches matches) const noexcept {
  const std::uint32_t home = old_.home(hash);
  if (home < begun_) {
    const ChunkTable::Place at = table_.find(hash, matches);
    if (at || home < done_) return {at, false};
  }
  return {old_.find(hash, matches), true};
}

Index::Position Index::find(KeyHash hash, std::string_view key) const noexcept {
  return find_if(hash, [&](Ref ref) {
    // All of it at once, and not only the header that the next line waits for. To fetch the
    // neighbours in the list as well was tried, and made a GET slower.
    prefetch_slot(arena_, ref);
    return header_at(arena_, ref).key() == key;
  });
}

Index::Position Index::find(KeyHash hash, Ref ref) const noexcept {
  return find_if(hash, [&](Ref candidate) { return candidate == ref; });
}

Ref Index::guess(KeyHash hash) const noexcept {
  return find_if(hash, [](Ref) { return true; }).ref;
}

void Index::insert(KeyHash hash, Ref ref) noexcept {
  table_for(hash).insert(hash, ref);
  ++size_;
}

void Index::erase(KeyHash hash, const Position& at) noexcept {
  (at.in_old ? old_ : table_).erase(hash, at);
  --size_;
}

void Index::use_table(ChunkTable table) noexcept {
  table_ = std::move(table);
  shrink_below_ = shrinks_below(table_.count());
}

bool Index::begin_resize(std::uint32_t chunks) noexcept {
  ChunkTable fresh(chunks);
  if (!fresh) return false;
  old_ = std::move(table_);
  use_table(std::move(fresh));
  next_ = 0;
  begin_region();
  return true;
}

void Index::begin_region() noexcept {
  done_ = next_;
  begun_ = old_.region_end(done_);
  // The last of the hashes, in 32 bits, whose home in old_ is below begun_.
  const std::uint64_t last_hash =
      ((std::uint64_t{begun_} << 32) + old_.count() - 1) / old_.count() - 1;
  written_ = table_.region_end(table_.home(KeyHash{last_hash}));
}

// Moves the entries of one chunk and adds their number to `*moved`. False when one finds no place:
// then it and those after it are where they were.
bool Index::move_chunk(std::size_t* moved, Leftover& leftover) noexcept {
  if (next_ + kChunksAhead < old_.count()) {
    old_.for_each_in(next_ + kChunksAhead, [&](const ChunkTable::Place& at) {
      prefetch(arena_.at(at.ref));
      return true;
    });
  }
  const bool all = old_.for_each_in(next_, [&](const ChunkTable::Place& at) {
    const KeyHash hash = hash_of(at.ref);
    if (!table_.make_place(hash)) return false;
    table_.insert(hash, at.ref);
    old_.erase(hash, at);
    ++*moved;
    return true;
  });
  if (!all) return false;
  if (++next_ == begun_) {
    old_.give_up(next_, leftover);
    if (old_) begin_region();
  }
  return true;
}

// Does a piece of the resize, if there is one. False when it can go on only with more memory than
// there is.
bool Index::move_some(Leftover& leftover) noexcept {
  std::size_t moved = 0;
  for (int chunks = 0; old_ && chunks < kChunksAtOnce && moved < kMovedAtOnce; ++chunks) {
    if (!move_chunk(&moved, leftover)) return rebuild(leftover);
  }
  return true;
}

bool Index::copy_all(const ChunkTable& from, std::uint32_t begin, ChunkTable& to) const noexcept {
  for (std::uint32_t chunk = begin; chunk < from.count(); ++chunk) {
    const bool all = from.for_each_in(chunk, [&](const ChunkTable::Place& at) {
      const KeyHash hash = hash_of(at.ref);
      if (!to.make_place(hash)) return false;
      to.insert(hash, at.ref);
      return true;
    });
    if (!all) return false;
  }
  return true;
}

// Ends a resize to a table that has proved too small, with a larger one. False when there is no
// memory for it; then nothing has changed.
bool Index::rebuild(Leftover& leftover) noexcept {
  for (std::uint32_t chunks = grown(table_.count());; chunks = grown(chunks)) {
    ChunkTable fresh(chunks);
    if (!fresh) return false;
    if (!copy_all(table_, 0, fresh) || !copy_all(old_, next_, fresh)) continue;
    old_.give_up(old_.count(), leftover);
    use_table(std::move(fresh));
    // Not back to the size that did not do, as long as the entries are the same.
    shrink_below_ = std::min(shrink_below_, size_ / 2);
    return true;
  }
}

void Index::reserve(KeyHash hash, Leftover& leftover) {
  bool has_memory = move_some(leftover);
  while (size_ >= ChunkTable::most_entries(table_.count()) || !table_for(hash).make_place(hash)) {
    // Only a resize that could not follow is still under way here.
    has_memory = has_memory && (old_ ? move_some(leftover) : begin_resize(grown(table_.count())));
    if (!has_memory) throw std::bad_alloc();
  }
}

bool Index::continue_resize(Leftover& leftover) noexcept {
  if (!old_ && (size_ >= shrink_below_ || !begin_resize(shrunk_for(size_)))) return false;
  return move_some(leftover) && (old_ || size_ < shrink_below_);
}

void Index::clear(Tables& spare) noexcept {
  std::swap(old_, spare.old);
  if (spare.table) {
    ChunkTable fresh = std::move(spare.table);
    std::swap(table_, spare.table);
    use_table(std::move(fresh));
  } else {
    table_.wipe();
  }
  size_ = 0;
}

std::uint64_t Index::piece_end(std::uint32_t place, std::uint32_t chunks) const noexcept {
  const std::uint32_t home = table_.home(KeyHash{place});
  const std::uint64_t end = std::min(home + chunks, table_.region_end(home));
  return ((end << 32) + table_.count() - 1) / table_.count();
}

bool Index::consistent() const {
  const std::size_t in_table = table_.count_entries();
  const std::size_t in_old = old_.count_entries();
  return in_table != SIZE_MAX && in_old != SIZE_MAX && in_table + in_old == size_;
}

}  // namespace cubby
