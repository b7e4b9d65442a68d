// The one hash of a key, and what each part of it picks.

#pragma once

#define XXH_INLINE_ALL
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <xxhash.h>

namespace cubby {

// XXH3, 64 bits. The shard takes the top bits, the index's tag the eight below the top eight, and
// the place in the index the low 32, so that no part tells anything of another.
struct KeyHash {
  std::uint64_t value;

  static KeyHash of(std::string_view key, std::uint64_t seed) noexcept {
    return {XXH3_64bits_withSeed(key.data(), key.size(), seed)};
  }

  // For a number of shards that is a power of two, 1 << shard_bits, up to 256.
  std::size_t shard(unsigned shard_bits) const noexcept {
    return static_cast<std::size_t>((value >> 56) >> (8 - shard_bits));
  }

  // Never zero: zero marks an empty slot.
  std::uint8_t tag() const noexcept {
    const auto bits = static_cast<std::uint8_t>(value >> 48);
    return bits == 0 ? std::uint8_t{1} : bits;
  }

  // Spreads over [0, n) without a division, whatever n is (Lemire, "Fast random integer generation
  // in an interval", 2019).
  std::uint32_t below(std::uint32_t n) const noexcept {
    return static_cast<std::uint32_t>((std::uint64_t{place()} * n) >> 32);
  }

  // What below() goes by, and never falls along with.
  std::uint32_t place() const noexcept { return static_cast<std::uint32_t>(value); }
};

// A hash with its parts put in the order in which a listing comes to them: the shard, the place in
// its index, the rest. One to one.
struct KeyRank {
  std::uint64_t value = 0;

  static KeyRank of(KeyHash hash, unsigned shard_bits) noexcept {
    const unsigned rest_bits = 32 - shard_bits;
    const std::uint64_t shard = hash.value & ~(~std::uint64_t{0} >> shard_bits);
    const std::uint64_t rest = (hash.value >> 32) & ((std::uint64_t{1} << rest_bits) - 1);
    return {shard | (std::uint64_t{hash.place()} << rest_bits) | rest};
  }
  // The least rank in this shard.
  static KeyRank first_of(std::size_t shard, unsigned shard_bits) noexcept {
    return {(std::uint64_t{shard} << 56) << (8 - shard_bits)};
  }
  // The least rank of this place in the same shard.
  KeyRank with_place(std::uint32_t place, unsigned shard_bits) const noexcept {
    const std::uint64_t shard = value & ~(~std::uint64_t{0} >> shard_bits);
    return {shard | (std::uint64_t{place} << (32 - shard_bits))};
  }

  std::size_t shard(unsigned shard_bits) const noexcept { return KeyHash{value}.shard(shard_bits); }
  std::uint32_t place(unsigned shard_bits) const noexcept {
    return static_cast<std::uint32_t>(value >> (32 - shard_bits));
  }
};

}  // namespace cubby
