// What a slot holds: an entry, or a block of a large entry's value.

#pragma once

#include <atomic>
#include <cassert>
#include <cstdint>
#include <string_view>

#include "core/arena.hpp"
#include "core/prefetch.hpp"

namespace cubby {

// The word that says what a slot is. It is the only part of a slot that is read without the lock of
// the shard that owns the slot, so outside that lock it goes through load_meta() and store_meta().
// Zero means that the slot is unused: every entry has a key, and every block the block bit.
class SlotMeta {
 public:
  constexpr SlotMeta() = default;
  constexpr explicit SlotMeta(std::uint64_t bits) : bits_(bits) {}

  static constexpr unsigned kExpiryBits = 39;  // milliseconds: 17 years
  static constexpr unsigned kKeySizeBits = 12;
  static constexpr unsigned kOwnerBits = 8;
  static constexpr unsigned kUserBits = 3;

  static constexpr std::uint64_t kLatestExpiry = (std::uint64_t{1} << kExpiryBits) - 1;

  constexpr std::uint64_t bits() const noexcept { return bits_; }
  constexpr bool used() const noexcept { return bits_ != 0; }

  // When the entry expires on the cache's clock, in milliseconds; 0 means never.
  constexpr std::uint64_t expiry() const noexcept { return get(0, kExpiryBits); }
  constexpr std::size_t key_size() const noexcept { return get(kKeySizeAt, kKeySizeBits); }
  // The shard whose lock guards the slot.
  constexpr std::uint8_t owner() const noexcept {
    return static_cast<std::uint8_t>(get(kOwnerAt, kOwnerBits));
  }
  constexpr std::uint8_t user_flags() const noexcept {
    return static_cast<std::uint8_t>(get(kUserAt, kUserBits));
  }
  // Whether the slot is a block of a value and not an entry.
  constexpr bool is_block() const noexcept { return get(kBlockAt, 1) != 0; }
  // Whether part of the entry's value is in blocks.
  constexpr bool is_chained() const noexcept { return get(kChainedAt, 1) != 0; }

  constexpr SlotMeta with_expiry(std::uint64_t ms) const noexcept {
    return set(0, kExpiryBits, ms);
  }
  constexpr SlotMeta with_key_size(std::size_t n) const noexcept {
    return set(kKeySizeAt, kKeySizeBits, n);
  }
  constexpr SlotMeta with_owner(std::uint8_t shard) const noexcept {
    return set(kOwnerAt, kOwnerBits, shard);
  }
  constexpr SlotMeta with_user_flags(std::uint8_t flags) const noexcept {
    return set(kUserAt, kUserBits, flags);
  }
  constexpr SlotMeta as_block() const noexcept { return set(kBlockAt, 1, 1); }
  constexpr SlotMeta with_chained(bool chained) const noexcept {
    return set(kChainedAt, 1, chained ? 1 : 0);
  }

 private:
  static constexpr unsigned kKeySizeAt = kExpiryBits;
  static constexpr unsigned kOwnerAt = kKeySizeAt + kKeySizeBits;
  static constexpr unsigned kUserAt = kOwnerAt + kOwnerBits;
  static constexpr unsigned kChainedAt = kUserAt + kUserBits;
  static constexpr unsigned kBlockAt = kChainedAt + 1;
  static_assert(kBlockAt < 64);

  constexpr std::uint64_t get(unsigned at, unsigned width) const noexcept {
    return (bits_ >> at) & ((std::uint64_t{1} << width) - 1);
  }
  constexpr SlotMeta set(unsigned at, unsigned width, std::uint64_t value) const noexcept {
    const std::uint64_t mask = ((std::uint64_t{1} << width) - 1) << at;
    return SlotMeta((bits_ & ~mask) | ((value << at) & mask));
  }

  std::uint64_t bits_ = 0;
};

// The header that every used slot begins with.
//
// In an entry: neighbours in the shard's list of use, when it was used last, and the value's size.
// The key follows the header, then, in a chained entry, the Ref of the first block, then the first
// part of the value.
//
// In a block: the next block, and the block or entry before it. The rest of the slot is value.
struct SlotHeader {
  Ref previous;  // towards the most recently used
  Ref next;      // towards the least recently used
  std::uint32_t touched;
  std::uint32_t value_size;
  std::uint64_t meta;

  SlotMeta get_meta() const noexcept { return SlotMeta(meta); }
  char* payload() noexcept { return reinterpret_cast<char*>(this + 1); }
  const char* payload() const noexcept { return reinterpret_cast<const char*>(this + 1); }
  std::string_view key() const noexcept { return {payload(), get_meta().key_size()}; }
};

static_assert(sizeof(SlotHeader) == 24, "an entry's overhead is part of what the cache promises");

inline SlotHeader& header_at(const Arena& arena, Ref slot) noexcept {
  assert(slot != 0);
  return *reinterpret_cast<SlotHeader*>(arena.at(slot));
}

// Begins to fetch a slot before its header says how large it is: as much as a key of 16 bytes and a
// value of 64 take. What lies behind that can be asked for when the header is there.
inline constexpr std::size_t kPrefetchedSlotBytes = 104;
inline void prefetch_slot(const Arena& arena, Ref slot) noexcept {
  const std::byte* const at = arena.at(slot);
  prefetch_for_write(at);
  prefetch_for_write(at + kLineBytes);
  prefetch_for_write(at + kPrefetchedSlotBytes - 1);
}

inline SlotMeta load_meta(SlotHeader& header) noexcept {
  return SlotMeta(std::atomic_ref(header.meta).load(std::memory_order_relaxed));
}

inline void store_meta(SlotHeader& header, SlotMeta meta) noexcept {
  std::atomic_ref(header.meta).store(meta.bits(), std::memory_order_relaxed);
}

}  // namespace cubby
