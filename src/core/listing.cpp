#include "core/listing.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "core/shard.hpp"

namespace cubby {

namespace {

// So many chunks hold 192 entries at the most, and those whose home they are hardly ever more than
// 230: each is likely to be a cache miss.
constexpr std::uint32_t kMostChunks = 16;

// What a piece comes upon without having to take memory with a shard locked.
constexpr std::size_t kFoundAtOnce = 512;

// Rounds of the cipher: four would do if a round were random (Luby and Rackoff, 1988).
constexpr int kRounds = 6;

}  // namespace

// Invariant: all entries with ranks below `next` that there were all the time have been visited. A
// piece takes all the ranks from `next` to where it ends, under one lock, and an entry's rank never
// changes.

bool Listing::walk(const std::vector<std::unique_ptr<Shard>>& shards) {
  const auto shard_bits = static_cast<unsigned>(std::countr_zero(shards.size()));
  // Few visits want few entries looked at, unless most do not count: so small steps first.
  found.reserve(kFoundAtOnce);
  chunks = static_cast<std::uint32_t>(std::clamp<std::size_t>(limits.most / 8, 1, kMostChunks));
  while (counted < limits.most && examined < limits.most_examined) {
    const std::size_t shard = next.shard(shard_bits);
    const bool more_in_shard = shards[shard]->list_some(*this, shard_bits);
    if (enough) return true;
    if (!more_in_shard) {
      if (shard + 1 == shards.size()) return false;
      next = KeyRank::first_of(shard + 1, shard_bits);
    }
    chunks = std::min(2 * chunks, kMostChunks);
  }
  return true;
}

// A Feistel network, whose rounds mix one half of the bits into the other.

CursorCode::CursorCode(std::uint64_t key_low, std::uint64_t key_high) noexcept
    : key_low_(key_low), key_high_(key_high), mask_(permute(0)) {}

std::uint32_t CursorCode::round(int number, std::uint32_t half) const noexcept {
  const std::array<std::uint64_t, 2> block{half + (static_cast<std::uint64_t>(number) << 32),
                                           key_high_};
  return static_cast<std::uint32_t>(XXH3_64bits_withSeed(block.data(), sizeof block, key_low_));
}

std::uint64_t CursorCode::permute(std::uint64_t rank) const noexcept {
  auto left = static_cast<std::uint32_t>(rank >> 32);
  auto right = static_cast<std::uint32_t>(rank);
  for (int i = 0; i < kRounds; ++i) {
    left ^= round(i, right);
    std::swap(left, right);
  }
  return (std::uint64_t{left} << 32) | right;
}

std::uint64_t CursorCode::decode(std::uint64_t cursor) const noexcept {
  const std::uint64_t permuted = cursor ^ mask_;
  auto left = static_cast<std::uint32_t>(permuted >> 32);
  auto right = static_cast<std::uint32_t>(permuted);
  for (int i = kRounds; i-- > 0;) {
    std::swap(left, right);
    left ^= round(i, right);
  }
  return (std::uint64_t{left} << 32) | right;
}

}  // namespace cubby
