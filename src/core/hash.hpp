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
    return static_cast<std::uint32_t>((std::uint64_t{static_cast<std::uint32_t>(value)} * n) >> 32);
  }
};

}  // namespace cubby
