#include "core/chunk_table.hpp"

#include <cassert>
#include <vector>

#include <sys/mman.h>

namespace cubby {

void Leftover::add(void* pages, std::size_t bytes) noexcept {
  if (pages != pages_ + bytes_) {
    give_back();
    pages_ = static_cast<char*>(pages);
    bytes_ = 0;
  }
  bytes_ += bytes;
}

void Leftover::give_back() noexcept {
  if (bytes_ == 0) return;
  // To unmap a part of a mapping may take one mapping more than the system grants; then the memory
  // goes back without its addresses.
  if (::munmap(pages_, bytes_) != 0) ::madvise(pages_, bytes_, MADV_DONTNEED);
}

// Invariants:
// - an entry is in its home chunk, or in other_chunk() of it, and then as a guest;
// - a chunk's `away` counts the entries whose home it is and that are guests elsewhere.

ChunkTable::ChunkTable(std::uint32_t count) noexcept {
  // From the system, so that memory is given back as soon as it is let go and leaves no holes in
  // the heap.
  void* memory = ::mmap(nullptr, count * sizeof(Chunk), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  chunks_ = static_cast<Chunk*>(memory);
  count_ = count;
}

ChunkTable::~ChunkTable() {
  Leftover leftover;
  if (chunks_ != nullptr) give_up(count_, leftover);
}

void ChunkTable::give_up(std::uint32_t end, Leftover& leftover) noexcept {
  leftover.add(chunks_ + first_, (end - first_) * sizeof(Chunk));
  first_ = end;
  if (first_ == count_) {
    chunks_ = nullptr;
    count_ = 0;
    first_ = 0;
  }
}

void ChunkTable::wipe() noexcept {
  assert(first_ == 0);
  if (chunks_ != nullptr) std::fill_n(chunks_, count_, Chunk{});
}

void ChunkTable::place(std::uint32_t chunk, std::uint8_t tag, Ref ref, bool guest) noexcept {
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

void ChunkTable::insert(KeyHash hash, Ref ref) noexcept {
  const std::uint8_t tag = hash.tag();
  const std::uint32_t at = home(hash);
  const bool guest = chunks_[at].full();
  place(guest ? other_chunk(at, tag) : at, tag, ref, guest);
}

void ChunkTable::erase(KeyHash hash, const Place& at) noexcept {
  assert(at);
  Chunk& c = chunks_[at.chunk];
  const std::uint32_t bit = 1U << at.slot;
  if ((c.guests & bit) != 0) {
    --chunks_[home(hash)].away;
    c.guests = static_cast<std::uint16_t>(c.guests & ~bit);
  }
  c.tags[at.slot] = 0;
}

bool ChunkTable::make_place(KeyHash hash) noexcept {
  constexpr int kMostWalks = 16;
  const std::uint32_t at = home(hash);
  if (!chunks_[at].full()) return true;
  const std::uint32_t other = other_chunk(at, hash.tag());
  auto random = static_cast<std::uint32_t>(hash.value >> 32);
  for (int walks = 0; chunks_[at].full() && chunks_[other].full(); ++walks) {
    if (walks == kMostWalks) return false;
    free_a_slot(other, random);
  }
  return true;
}

// Tries to have an empty slot in `chunk` by moving entries to their other chunks along a random
// walk, as cuckoo hashing does.
void ChunkTable::free_a_slot(std::uint32_t chunk, std::uint32_t& random) noexcept {
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

std::size_t ChunkTable::count_entries() const {
  std::size_t entries = 0;
  std::vector<std::uint32_t> away(count_);
  for (std::uint32_t chunk = first_; chunk < count_; ++chunk) {
    for_each_in(chunk, [&](const Place& at) {
      ++entries;
      const Chunk& c = chunks_[chunk];
      if (((c.guests >> at.slot) & 1U) != 0) ++away[other_chunk(chunk, c.tags[at.slot])];
      return true;
    });
  }
  for (std::uint32_t chunk = first_; chunk < count_; ++chunk) {
    if (away[chunk] != chunks_[chunk].away) return SIZE_MAX;
  }
  return entries;
}

}  // namespace cubby
