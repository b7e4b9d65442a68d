// Gathers unused slots into whole pages.

#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "core/shard.hpp"

namespace cubby {

// Thread safety: all member functions may be called from any thread that holds no shard's lock.
class Compactor {
 public:
  // Both must outlive the compactor.
  Compactor(CacheState& state, const std::vector<std::unique_ptr<Shard>>& shards)
      : state_(state), shards_(shards) {}

  // Empties pages until at most `most_pages` are in use, or until no more can be gained. When the
  // budget is kept, the latter does not happen before unused slots are less than a page a class.
  // Takes shards' locks one at a time, each for the move of one slot.
  void reduce_to(std::size_t most_pages);

 private:
  enum class Result { emptied, failed, nothing_to_empty };

  Result empty_a_page();

  CacheState& state_;
  const std::vector<std::unique_ptr<Shard>>& shards_;
};

}  // namespace cubby
