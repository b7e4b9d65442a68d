// One table of a shard's index: chunks of tags and refs in memory of their own.

#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "core/arena.hpp"
#include "core/hash.hpp"

namespace cubby {

// Memory that a table does not need any more. Giving it back to the system takes tens of
// microseconds, on some virtual machines hundreds, so whoever holds a lock puts that off until
// after. It is given back when this goes.
class Leftover {
 public:
  Leftover() = default;
  ~Leftover() { give_back(); }

  Leftover(const Leftover&) = delete;
  Leftover& operator=(const Leftover&) = delete;

  // Whole pages of the system's. What there is already is given back at once, unless these continue
  // it.
  void add(void* pages, std::size_t bytes) noexcept;

 private:
  void give_back() noexcept;

  char* pages_ = nullptr;
  std::size_t bytes_ = 0;
};

// An open-addressed table of chunks, each a cache line of twelve tags and twelve refs, compared all
// at once, as in Facebook's F14. An entry is in its home chunk, which its hash picks, or in one
// other chunk, which can be told from the chunk that it is in and its tag alone, as in a cuckoo
// filter (Fan et al., "Cuckoo Filter: Practically Better Than Bloom", 2014). So a lookup reads one
// line of the table, or two, and never more; entries can make place for one another without a look
// at their keys, which makes a table that is seven eighths full work; and erasing leaves no
// tombstones.
//
// The home follows the order of the hashes, and the other chunk is in the same region of the table.
// So the entries of one region have their places in two or three neighbouring regions of a table of
// another size, and entries can be moved there, and memory given back, a region at a time.
//
// Thread safety: none.
class ChunkTable {
 public:
  // The number of chunks is a multiple of this, so that a table is whole pages of the system's.
  static constexpr std::uint32_t kLeastChunks = 64;
  // The chunks of a region; the last one may have almost twice as many. With fewer, the number of
  // entries in a region would spread too far for the table to be seven eighths full.
  static constexpr std::uint32_t kRegionChunks = 256;

  static constexpr std::uint32_t kSlots = 12;
  static constexpr std::size_t kChunkBytes = 64;

  // An entry's ref and where it is.
  struct Place {
    Ref ref = 0;
    std::uint32_t chunk = 0;
    std::uint32_t slot = 0;

    explicit operator bool() const noexcept { return ref != 0; }
  };

  // The entries that a table of so many chunks should hold at most.
  static constexpr std::size_t most_entries(std::uint32_t chunks) noexcept {
    return std::size_t{chunks} * kSlots * 7 / 8;
  }

  // No table.
  ChunkTable() = default;
  // An empty table, which takes memory as it is written to, or none if the system refuses it.
  explicit ChunkTable(std::uint32_t count) noexcept;
  ~ChunkTable();

  ChunkTable(ChunkTable&& other) noexcept { swap(other); }
  ChunkTable& operator=(ChunkTable&& other) noexcept {
    swap(other);
    return *this;
  }

  explicit operator bool() const noexcept { return chunks_ != nullptr; }
  std::uint32_t count() const noexcept { return count_; }

  // Where the chunk is in memory.
  const std::byte* chunk(std::uint32_t number) const noexcept {
    return reinterpret_cast<const std::byte*>(chunks_ + number);
  }

  std::uint32_t home(KeyHash hash) const noexcept { return hash.below(count_); }
  // The bounds of the region that has the chunk.
  std::uint32_t region_begin(std::uint32_t chunk) const noexcept;
  std::uint32_t region_end(std::uint32_t chunk) const noexcept;

  // The entry with this hash for whose ref `matches` returns true. Inline whatever the compiler
  // thinks: a call and its stack frame are a tenth of what a lookup executes.
  template <class Matches>
  [[gnu::always_inline]] Place find(KeyHash hash, Matches matches) const noexcept;

  // Sees to it that one of the two chunks for this hash has an empty slot, if moving entries does.
  bool make_place(KeyHash hash) noexcept;
  // Adds an entry. One of its two chunks must have an empty slot.
  void insert(KeyHash hash, Ref ref) noexcept;
  // Takes out what is there. `hash` is its hash.
  void erase(KeyHash hash, const Place& at) noexcept;
  void replace(const Place& at, Ref ref) noexcept { chunks_[at.chunk].refs[at.slot] = ref; }

  // Calls `use` with the Place of each entry in the chunk until it returns false; then, too.
  template <class Use>
  bool for_each_in(std::uint32_t chunk, Use&& use) const;

  // Calls `use` with the ref of each entry whose home is from `begin` to before `end`, without a
  // look at any entry. Reads the lines of whole regions; only those below `written` have entries.
  template <class Use>
  void for_each_at_home(std::uint32_t begin, std::uint32_t end, std::uint32_t written,
                        Use&& use) const;

  // Empties all chunks. None must have been given up.
  void wipe() noexcept;

  // Gives up the chunks below `end`, which must be where a region ends. They must have no entries,
  // and nobody may ask for a hash whose home they are. Without the last one there is no table.
  void give_up(std::uint32_t end, Leftover& leftover) noexcept;

  // The number of entries if the table's bookkeeping agrees with itself, or SIZE_MAX.
  std::size_t count_entries() const;

 private:
  static constexpr std::uint32_t kEverySlot = (1U << kSlots) - 1;

  struct alignas(kChunkBytes) Chunk {
    std::array<std::uint8_t, kSlots> tags;  // 0: empty
    std::uint16_t guests;                   // a bit for each slot whose entry has another home
    std::uint16_t away;                     // entries whose home this is and that are guests
    std::array<Ref, kSlots> refs;

    // A bit for each slot whose tag is `tag`.
    std::uint32_t match(std::uint8_t tag) const noexcept;
    bool full() const noexcept { return match(0) == 0; }
  };
  static_assert(sizeof(Chunk) == kChunkBytes, "a chunk is a cache line");

  // The other chunk that an entry with this tag may be in, when it is in `chunk`.
  std::uint32_t other_chunk(std::uint32_t chunk, std::uint8_t tag) const noexcept;
  void place(std::uint32_t chunk, std::uint8_t tag, Ref ref, bool guest) noexcept;
  void free_a_slot(std::uint32_t chunk, std::uint32_t& random) noexcept;
  void swap(ChunkTable& other) noexcept {
    std::swap(chunks_, other.chunks_);
    std::swap(count_, other.count_);
    std::swap(first_, other.first_);
  }

  Chunk* chunks_ = nullptr;
  std::uint32_t count_ = 0;
  std::uint32_t first_ = 0;  // those before it have been given up
};

inline std::uint32_t ChunkTable::Chunk::match(std::uint8_t tag) const noexcept {
#if defined(__SSE2__)
  const __m128i line = _mm_load_si128(reinterpret_cast<const __m128i*>(tags.data()));
  const __m128i equal = _mm_cmpeq_epi8(line, _mm_set1_epi8(static_cast<char>(tag)));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(equal)) & kEverySlot;
#else
  std::uint32_t bits = 0;
  for (std::uint32_t i = 0; i < kSlots; ++i) bits |= std::uint32_t{tags[i] == tag} << i;
  return bits;
#endif
}

inline std::uint32_t ChunkTable::region_begin(std::uint32_t chunk) const noexcept {
  const std::uint32_t begin = chunk & ~(kRegionChunks - 1);
  // What is left at the end belongs to the region before it.
  return begin == 0 || count_ - begin >= kRegionChunks ? begin : begin - kRegionChunks;
}

inline std::uint32_t ChunkTable::region_end(std::uint32_t chunk) const noexcept {
  const std::uint32_t end = region_begin(chunk) + kRegionChunks;
  return end > count_ || count_ - end < kRegionChunks ? count_ : end;
}

inline std::uint32_t ChunkTable::other_chunk(std::uint32_t chunk, std::uint8_t tag) const noexcept {
  // A reflection, so that it leads back too: of the region, as a circle, at a place that the tag
  // picks.
  const std::uint32_t begin = region_begin(chunk);
  const std::uint32_t size = region_end(chunk) - begin;
  const std::uint32_t spread = tag * 0x9e3779b1U;
  const auto mirror = static_cast<std::uint32_t>((std::uint64_t{spread} * size) >> 32);
  const std::uint32_t at = chunk - begin;
  return begin + (mirror >= at ? mirror - at : mirror + size - at);
}

template <class Matches>
inline ChunkTable::Place ChunkTable::find(KeyHash hash, Matches matches) const noexcept {
  const std::uint8_t tag = hash.tag();
  std::uint32_t chunk = home(hash);
  const bool some_away = chunks_[chunk].away != 0;
  for (int tried = 0;; ++tried) {
    const Chunk& c = chunks_[chunk];
    for (std::uint32_t hits = c.match(tag); hits != 0; hits &= hits - 1) {
      const auto slot = static_cast<std::uint32_t>(std::countr_zero(hits));
      if (matches(c.refs[slot])) return {c.refs[slot], chunk, slot};
    }
    if (!some_away || tried == 1) return {};
    chunk = other_chunk(chunk, tag);
  }
}

template <class Use>
bool ChunkTable::for_each_in(std::uint32_t chunk, Use&& use) const {
  const Chunk& c = chunks_[chunk];
  for (std::uint32_t used = ~c.match(0) & kEverySlot; used != 0; used &= used - 1) {
    const auto slot = static_cast<std::uint32_t>(std::countr_zero(used));
    if (!use(Place{c.refs[slot], chunk, slot})) return false;
  }
  return true;
}

template <class Use>
void ChunkTable::for_each_at_home(std::uint32_t begin, std::uint32_t end, std::uint32_t written,
                                  Use&& use) const {
  const auto is_wanted = [&](std::uint32_t home) { return begin <= home && home < end; };
  const std::uint32_t last = std::min(region_end(end - 1), written);
  for (std::uint32_t at = std::max(region_begin(begin), first_); at < last; ++at) {
    const Chunk& c = chunks_[at];
    // Of other chunks only the guests can be at home here.
    const std::uint32_t looked_at = is_wanted(at) ? kEverySlot : std::uint32_t{c.guests};
    for (std::uint32_t used = ~c.match(0) & looked_at; used != 0; used &= used - 1) {
      const auto slot = static_cast<std::uint32_t>(std::countr_zero(used));
      const bool guest = ((c.guests >> slot) & 1U) != 0;
      if (is_wanted(guest ? other_chunk(at, c.tags[slot]) : at)) use(c.refs[slot]);
    }
  }
}

}  // namespace cubby
