// A walk through the entries in the order of their ranks, a bounded piece under one lock.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <cubby/cache.hpp>

#include "core/arena.hpp"
#include "core/hash.hpp"

namespace cubby {

class Shard;

// One call of Cache::list(), and what it brings to each shard.
//
// Thread safety: none.
struct Listing {
  // An entry that a piece has come upon.
  struct Found {
    KeyRank rank;
    Ref entry;
  };

  using VisitFunction = bool (*)(void* context, std::string_view key, const ValueView& value);

  // Goes on through the shards until there is no more, or a limit is reached. Returns whether there
  // is more: then from `next` on. Throws what `visit` throws, and std::bad_alloc.
  bool walk(const std::vector<std::unique_ptr<Shard>>& shards);

  // What is to come, the least rank first.
  KeyRank next;
  const ListLimits limits;
  const VisitFunction visit;
  void* const context;

  // How many chunks of the index's lines the next piece takes, and whether the last one ended
  // because there have been enough visits.
  std::uint32_t chunks = 1;
  bool enough = false;
  std::size_t counted = 0;
  std::size_t examined = 0;
  std::vector<Found> found = {};
};

// Writes ranks so that they tell nothing of the hashes that they are made from: who knows keys and
// their hashes can work out the seed, and then aim keys at one place.
//
// Thread safety: all member functions may be called from any thread.
class CursorCode {
 public:
  // `key` is 128 bits of secret.
  CursorCode(std::uint64_t key_low, std::uint64_t key_high) noexcept;

  // One to one, and 0 for 0.
  std::uint64_t encode(std::uint64_t rank) const noexcept { return permute(rank) ^ mask_; }
  std::uint64_t decode(std::uint64_t cursor) const noexcept;

 private:
  std::uint64_t permute(std::uint64_t rank) const noexcept;
  std::uint32_t round(int number, std::uint32_t half) const noexcept;

  const std::uint64_t key_low_;
  const std::uint64_t key_high_;
  const std::uint64_t mask_;
};

}  // namespace cubby
