#include "core/index.hpp"

#include <bit>
#include <cassert>
#include <new>
#include <utility>

#include <sys/mman.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "core/slot.hpp"

namespace cubby {

namespace {

// Tables come from the system in whole pages, so they are given back as soon as they are let go and
// leave no holes in the heap.
constexpr std::uint32_t kChunksPerStep = Index::kLeastBytes / 64;

constexpr std::uint32_t round_up_to_step(std::uint64_t chunks) {
  return static_cast<std::uint32_t>((chunks + kChunksPerStep - 1) / kChunksPerStep *
                                    kChunksPerStep);
}

}  // namespace

// Invariants:
// - an entry is in its home chunk, or in other_chunk() of it, and then as a guest;
// - a chunk's `away` counts the entries whose home it is and that are guests elsewhere;
// - size_ <= most_entries(chunk_count_).

std::uint32_t Index::Chunk::match(std::uint8_t tag) const noexcept {
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

std::size_t Index::most_entries(std::uint32_t chunks) noexcept {
  return std::size_t{chunks} * kSlots * 7 / 8;
}

Index::Chunk* Index::map_chunks(std::uint32_t count) noexcept {
  void* memory = ::mmap(nullptr, count * sizeof(Chunk), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<Chunk*>(memory);
}

void Index::unmap_chunks(Chunk* chunks, std::uint32_t count) noexcept {
  ::munmap(chunks, count * sizeof(Chunk));
}

Index::Index(const Arena& arena, std::uint64_t seed)
    : arena_(arena),
      seed_(seed),
      chunks_(map_chunks(kChunksPerStep)),
      chunk_count_(kChunksPerStep) {
  if (chunks_ == nullptr) throw std::bad_alloc();
}

Index::~Index() { unmap_chunks(chunks_, chunk_count_); }

std::uint32_t Index::other_chunk(std::uint32_t chunk, std::uint8_t tag) const noexcept {
  // A reflection, so that it leads back too: of the chunks' circle at a place that the tag picks.
  const std::uint32_t spread = tag * 0x9e3779b1U;
  const auto mirror = static_cast<std::uint32_t>((std::uint64_t{spread} * chunk_count_) >> 32);
  return mirror >= chunk ? mirror - chunk : mirror + chunk_count_ - chunk;
}

template <class Matches>
Index::Position Index::find_if(KeyHash hash, Matches matches) const noexcept {
  const std::uint8_t tag = hash.tag();
  std::uint32_t chunk = hash.below(chunk_count_);
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

Index::Position Index::find(KeyHash hash, std::string_view key) const noexcept {
  return find_if(hash, [&](Ref ref) { return header_at(arena_, ref).key() == key; });
}

Index::Position Index::find(KeyHash hash, Ref ref) const noexcept {
  return find_if(hash, [&](Ref candidate) { return candidate == ref; });
}

void Index::place(std::uint32_t chunk, std::uint8_t tag, Ref ref, bool guest) noexcept {
  Chunk& c = chunks_[chunk];
  const std::uint32_t empty = c.match(0);
  assert(empty != 0);
  const auto slot = static_cast<std::uint32_t>(std::countr_zero(empty));
  c.tags[slot] = tag;
  c.refs[slot] = ref;
  if (guest) {
    c.guests = static_cast<std::uint16_t>(c.guests | (1U << slot));
    ++chunks_[other_chunk(chunk, tag)].away;
  }
}

void Index::insert(KeyHash hash, Ref ref) noexcept {
  const std::uint8_t tag = hash.tag();
  const std::uint32_t home = hash.below(chunk_count_);
  const bool guest = chunks_[home].full();
  place(guest ? other_chunk(home, tag) : home, tag, ref, guest);
  ++size_;
}

void Index::erase(KeyHash hash, Position at) noexcept {
  assert(at);
  Chunk& c = chunks_[at.chunk];
  const std::uint32_t bit = 1U << at.slot;
  if ((c.guests & bit) != 0) {
    --chunks_[hash.below(chunk_count_)].away;
    c.guests = static_cast<std::uint16_t>(c.guests & ~bit);
  }
  c.tags[at.slot] = 0;
  --size_;
}

bool Index::make_place(KeyHash hash) noexcept {
  constexpr int kMostWalks = 16;
  const std::uint32_t home = hash.below(chunk_count_);
  const std::uint32_t other = other_chunk(home, hash.tag());
  std::uint32_t random = static_cast<std::uint32_t>(hash.value >> 32);
  for (int walks = 0; chunks_[home].full() && chunks_[other].full(); ++walks) {
    if (walks == kMostWalks) return false;
    free_a_slot(other, random);
  }
  return true;
}

// Tries to have an empty slot in `chunk` by moving entries to their other chunks along a random
// walk, as cuckoo hashing does.
void Index::free_a_slot(std::uint32_t chunk, std::uint32_t& random) noexcept {
  constexpr int kLongestWalk = 32;
  struct Step {
    std::uint32_t chunk;
    std::uint32_t slot;
  };
  std::array<Step, kLongestWalk> walk;
  std::size_t steps = 0;
  while (chunks_[chunk].full()) {
    if (steps == walk.size()) return;
    random = random * 1664525U + 1013904223U;
    const std::uint32_t slot = (random >> 16) % kSlots;
    walk[steps++] = {chunk, slot};
    chunk = other_chunk(chunk, chunks_[chunk].tags[slot]);
  }
  // From the end back, so that nothing is ever without a place. Where the walk has crossed itself,
  // a slot that it found empty may be taken by now; then what has been done is no harm.
  while (steps != 0) {
    const Step from = walk[--steps];
    Chunk& c = chunks_[from.chunk];
    const std::uint8_t tag = c.tags[from.slot];
    const std::uint32_t to = other_chunk(from.chunk, tag);
    if (tag == 0 || chunks_[to].full()) return;
    const std::uint32_t bit = 1U << from.slot;
    const bool was_guest = (c.guests & bit) != 0;
    if (was_guest) {
      c.guests = static_cast<std::uint16_t>(c.guests & ~bit);
      --chunks_[to].away;
    }
    place(to, tag, c.refs[from.slot], !was_guest);
    c.tags[from.slot] = 0;
  }
}

bool Index::fill_from(const Chunk* chunks, std::uint32_t count) noexcept {
  const auto for_each_ref = [](const Chunk& c, auto&& use) {
    for (std::uint32_t used = ~c.match(0) & kEverySlot; used != 0; used &= used - 1) {
      if (!use(c.refs[static_cast<std::size_t>(std::countr_zero(used))])) return false;
    }
    return true;
  };
  size_ = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    // Each key is a cache miss: ask for those of the chunk after the next while moving this one's.
    if (i + 2 < count) {
      for_each_ref(chunks[i + 2], [&](Ref ref) {
        __builtin_prefetch(arena_.at(ref));
        return true;
      });
    }
    const bool placed = for_each_ref(chunks[i], [&](Ref ref) {
      const KeyHash hash = KeyHash::of(header_at(arena_, ref).key(), seed_);
      if (!make_place(hash)) return false;
      insert(hash, ref);
      return true;
    });
    if (!placed) return false;
  }
  return true;
}

bool Index::rebuild(std::uint32_t chunks) noexcept {
  const std::size_t size = size_;
  Chunk* const old = chunks_;
  const std::uint32_t old_count = chunk_count_;
  for (;; chunks += kChunksPerStep) {
    Chunk* const fresh = map_chunks(chunks);
    if (fresh == nullptr) break;
    chunks_ = fresh;
    chunk_count_ = chunks;
    if (fill_from(old, old_count)) {
      unmap_chunks(old, old_count);
      return true;
    }
    unmap_chunks(fresh, chunks);
  }
  chunks_ = old;
  chunk_count_ = old_count;
  size_ = size;
  return false;
}

void Index::reserve(KeyHash hash) {
  while (size_ >= most_entries(chunk_count_) || !make_place(hash)) {
    const std::uint64_t grown = std::uint64_t{chunk_count_} + chunk_count_ / 6 + 1;
    if (!rebuild(round_up_to_step(grown))) throw std::bad_alloc();
  }
}

void Index::shrink() noexcept {
  if (chunk_count_ == kChunksPerStep || size_ > most_entries(chunk_count_) / 4) return;
  rebuild(round_up_to_step(size_ / 8 + 1));
}

}  // namespace cubby
