// A shard's hash index: from keys to the refs of their entries.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/arena.hpp"
#include "core/chunk_table.hpp"
#include "core/hash.hpp"
#include "core/prefetch.hpp"

namespace cubby {

// A table (see ChunkTable) that follows the number of its entries. It grows by a sixth, so that it
// is never much larger than they need, and shrinks when it holds less than a third of what it may.
// Either happens a few entries at a time: for a while there are two tables, and each reserve() and
// each continue_resize() moves a bounded number of entries from the old one to the new one. Memory
// is taken and given back along with them. Moving computes an entry's hash anew from its key, which
// is cheaper than keeping it. What a resize leaves over goes to the caller's Leftover, which should
// go when the lock has been given up.
//
// Thread safety: none; the shard's lock guards it.
class Index {
 public:
  // The memory of an empty table.
  static constexpr std::size_t kLeastBytes = ChunkTable::kLeastChunks * ChunkTable::kChunkBytes;

  // The most entries that one reserve() or continue_resize() moves from the old table to the new
  // one. There are exceptions that take a hash that was aimed at the table; see index.cpp.
  static constexpr std::size_t kMostMovedAtOnce = 51;

  class Whereabouts;

  // An entry's ref and its place. Valid until the next insert(), erase(), reserve() or
  // continue_resize(), but through any number of replace().
  struct Position : ChunkTable::Place {
    bool in_old = false;
  };

  // Entries are in `arena` and hashed with `seed`. Throws std::bad_alloc.
  Index(const Arena& arena, std::uint64_t seed);

  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  std::size_t size() const noexcept { return size_; }

  // The memory that the index takes: during a resize, what may have been written of the new table
  // and has not been given up of the old one.
  std::size_t memory_bytes() const noexcept;

  // The entry with this key. `hash` is the key's.
  Position find(KeyHash hash, std::string_view key) const noexcept;
  // The entry at this ref. `hash` is its key's.
  Position find(KeyHash hash, Ref ref) const noexcept;

  // An entry that is likely to be the one with this hash, if there is one, without a look at any
  // entry; or 0.
  Ref guess(KeyHash hash) const noexcept;

  // Makes room for an entry with this hash, so that the next insert() of it cannot fail. Throws
  // std::bad_alloc and leaves all entries to be found as before.
  void reserve(KeyHash hash, Leftover& leftover);

  // Adds an entry that is not in the index. reserve() must have been called for its hash, and no
  // function that changes the index since.
  void insert(KeyHash hash, Ref ref) noexcept;

  // Takes out what find() found for `hash`. After it, continue_resize() should be called, or the
  // table stays as large as it is.
  void erase(KeyHash hash, const Position& at) noexcept;

  // Does a bounded piece of what is left of a resize; begins one when the table has become much too
  // large. Returns whether there is more to do. Where the system has no memory for the smaller
  // table, does nothing.
  bool continue_resize(Leftover& leftover) noexcept;

  // Lets the entry at `at` be found at another ref.
  void replace(const Position& at, Ref ref) noexcept {
    (at.in_old ? old_ : table_).replace(at, ref);
  }

  // The tables of an index that has been cleared.
  struct Tables {
    ChunkTable table;
    ChunkTable old;
  };

  // Forgets all entries at once. `spare.table` should be a fresh table of the least size; then what
  // the index had goes there, to go when the lock has been given up. Without, takes the time that
  // it takes to write the table.
  void clear(Tables& spare) noexcept;

  // For the piece of a listing that begins with the hashes of this place: the place where it should
  // end, which 2^32 is after the last. The piece has the lines of about `chunks` chunks.
  std::uint64_t piece_end(std::uint32_t place, std::uint32_t chunks) const noexcept;

  // Calls `use` with the ref of each entry whose hash has a place from `begin` to before `end`, and
  // of some others near there. The two must be of one piece. Looks at no entry.
  template <class Use>
  void for_each_between(std::uint32_t begin, std::uint64_t end, Use&& use) const;

  // Whether the bookkeeping agrees with itself. Reads all of the index.
  bool consistent() const;

 private:
  template <class Matches>
  Position find_if(KeyHash hash, Matches matches) const noexcept;
  template <class Matches>
  [[gnu::noinline]] Position find_in_resize(KeyHash hash, Matches matches) const noexcept;
  // The table that an entry with this hash is to be put in.
  ChunkTable& table_for(KeyHash hash) noexcept {
    return !old_ || old_.home(hash) < begun_ ? table_ : old_;
  }
  KeyHash hash_of(Ref entry) const noexcept;

  bool begin_resize(std::uint32_t chunks) noexcept;
  void begin_region() noexcept;
  bool move_chunk(std::size_t* moved, Leftover& leftover) noexcept;
  bool move_some(Leftover& leftover) noexcept;
  bool rebuild(Leftover& leftover) noexcept;
  bool copy_all(const ChunkTable& from, std::uint32_t begin, ChunkTable& to) const noexcept;
  void use_table(ChunkTable table) noexcept;

  ChunkTable table_;
  const Arena& arena_;
  const std::uint64_t seed_;
  std::size_t size_ = 0;
  std::size_t shrink_below_ = 0;  // the number of entries that is too small for table_

  // During a resize, the table that is being emptied, and of its chunks:
  ChunkTable old_;
  std::uint32_t done_ = 0;     // where the region begins that is being moved
  std::uint32_t next_ = 0;     // the next one to be moved
  std::uint32_t begun_ = 0;    // where that region ends
  std::uint32_t written_ = 0;  // chunks of table_ that may have been written
};

template <class Use>
void Index::for_each_between(std::uint32_t begin, std::uint64_t end, Use&& use) const {
  const KeyHash first{begin};
  const KeyHash last{end - 1};
  const std::uint32_t written = old_ ? written_ : table_.count();
  table_.for_each_at_home(table_.home(first), table_.home(last) + 1, written, use);
  if (old_) old_.for_each_at_home(old_.home(first), old_.home(last) + 1, old_.count(), use);
}

// Where an index's lines are, for those who do not have the lock that guards it. It is kept apart
// from the shard, whose lines are written with every use: those of all shards are side by side, and
// stay in every CPU's cache.
//
// Thread safety: prefetch() may be called from any thread.
class Index::Whereabouts {
 public:
  // To be called when the index has changed its table, or may have.
  void follow(const Index& index) noexcept {
    const auto chunks = reinterpret_cast<std::uintptr_t>(index.table_.chunk(0));
    const std::uint32_t count = index.table_.count();
    if (chunks == chunks_.load(std::memory_order_relaxed) &&
        count == count_.load(std::memory_order_relaxed)) {
      return;
    }
    chunks_.store(chunks, std::memory_order_relaxed);
    count_.store(count, std::memory_order_relaxed);
  }

  // Begins to fetch the line where a lookup begins; during a resize or a change of the table, maybe
  // another, which may be gone.
  void prefetch(KeyHash hash) const noexcept {
    const std::uintptr_t chunks = chunks_.load(std::memory_order_relaxed);
    const std::uintptr_t chunk = hash.below(count_.load(std::memory_order_relaxed));
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    cubby::prefetch(reinterpret_cast<const void*>(chunks + chunk * ChunkTable::kChunkBytes));
  }

 private:
  std::atomic<std::uintptr_t> chunks_{0};
  std::atomic<std::uint32_t> count_{0};
};

}  // namespace cubby
