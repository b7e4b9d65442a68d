// A shard's hash index: from keys to the refs of their entries.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/arena.hpp"
#include "core/hash.hpp"

namespace cubby {

// An open-addressed table of chunks, each a cache line of twelve tags and twelve refs, compared all
// at once, as in Facebook's F14. An entry is in its home chunk, which its hash picks, or in one
// other chunk, which can be told from the chunk that it is in and its tag alone, as in a cuckoo
// filter (Fan et al., "Cuckoo Filter: Practically Better Than Bloom", 2014). So a lookup reads one
// line of the index, or two, and never more; entries can make place for one another without a look
// at their keys, which makes a table that is seven eighths full work; and erasing leaves no
// tombstones.
//
// The number of chunks need not be a power of two: the table grows by a sixth, so that it is never
// much larger than its entries need. Growing computes every entry's hash anew from its key, which
// is cheaper than keeping it.
//
// Thread safety: none; the shard's lock guards it.
class Index {
 public:
  // The memory of an empty table.
  static constexpr std::size_t kLeastBytes = 4096;

  // An entry's ref and its place in the table. Valid until the next reserve() or shrink().
  struct Position {
    Ref ref = 0;
    std::uint32_t chunk = 0;
    std::uint32_t slot = 0;

    explicit operator bool() const noexcept { return ref != 0; }
  };

  // Entries are in `arena` and hashed with `seed`. Throws std::bad_alloc.
  Index(const Arena& arena, std::uint64_t seed);
  ~Index();

  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  std::size_t size() const noexcept { return size_; }

  // The memory that the table takes.
  std::size_t memory_bytes() const noexcept { return chunk_count_ * sizeof(Chunk); }

  // The entry with this key. `hash` is the key's.
  Position find(KeyHash hash, std::string_view key) const noexcept;
  // The entry at this ref. `hash` is its key's.
  Position find(KeyHash hash, Ref ref) const noexcept;

  // Makes room for an entry with this hash, so that the next insert() of it cannot fail. Throws
  // std::bad_alloc and leaves all entries to be found as before.
  void reserve(KeyHash hash);

  // Adds an entry that is not in the table. reserve() must have been called for its hash, and
  // neither insert() nor shrink() since.
  void insert(KeyHash hash, Ref ref) noexcept;

  // Takes out what find() found for `hash`.
  void erase(KeyHash hash, Position at) noexcept;

  // Gives memory back when the table has become much too large. Where the system has none for the
  // smaller table, does nothing.
  void shrink() noexcept;

  // Lets the entry at `at` be found at another ref.
  void replace(Position at, Ref ref) noexcept { chunks_[at.chunk].refs[at.slot] = ref; }

 private:
  static constexpr std::uint32_t kSlots = 12;
  static constexpr std::uint32_t kEverySlot = (1U << kSlots) - 1;

  struct alignas(64) Chunk {
    std::array<std::uint8_t, kSlots> tags;  // 0: empty
    std::uint16_t guests;                   // a bit for each slot whose entry has another home
    std::uint16_t away;                     // entries whose home this is and that are guests
    std::array<Ref, kSlots> refs;

    // A bit for each slot whose tag is `tag`.
    std::uint32_t match(std::uint8_t tag) const noexcept;
    bool full() const noexcept { return match(0) == 0; }
  };
  static_assert(sizeof(Chunk) == 64, "a chunk is a cache line");

  static std::size_t most_entries(std::uint32_t chunks) noexcept;
  static Chunk* map_chunks(std::uint32_t count) noexcept;
  static void unmap_chunks(Chunk* chunks, std::uint32_t count) noexcept;

  template <class Matches>
  Position find_if(KeyHash hash, Matches matches) const noexcept;
  // The other chunk that an entry with this tag may be in, when it is in `chunk`.
  std::uint32_t other_chunk(std::uint32_t chunk, std::uint8_t tag) const noexcept;
  void place(std::uint32_t chunk, std::uint8_t tag, Ref ref, bool guest) noexcept;
  // Sees to it that one of the two chunks for this hash has an empty slot, if moving entries does.
  bool make_place(KeyHash hash) noexcept;
  void free_a_slot(std::uint32_t chunk, std::uint32_t& random) noexcept;
  bool fill_from(const Chunk* chunks, std::uint32_t count) noexcept;
  bool rebuild(std::uint32_t chunks) noexcept;

  const Arena& arena_;
  const std::uint64_t seed_;
  Chunk* chunks_ = nullptr;
  std::uint32_t chunk_count_ = 0;
  std::size_t size_ = 0;
};

}  // namespace cubby
