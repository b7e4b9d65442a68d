#include "core/compactor.hpp"

#include <thread>

namespace cubby {

namespace {

// An entry that is just being made has its slot already but cannot be moved before it is in its
// shard. That takes no time, unless its thread has lost the processor.
constexpr int kMostPasses = 100;

}  // namespace

void Compactor::reduce_to(std::size_t most_pages) {
  const MutexLock lock(common_.slab.visits);
  while (common_.arena.pages_in_use() > most_pages && empty_a_page()) {
  }
}

bool Compactor::empty_a_page() {
  const Slab::Visit visit = common_.slab.begin_drain();
  if (!visit) return false;
  for (int pass = 0; pass < kMostPasses; ++pass) {
    bool all_gone = true;
    for (std::uint32_t i = 0; i < visit.slots; ++i) {
      const Ref slot = visit.slot(i);
      const SlotMeta meta = load_meta(header_at(common_.arena, slot));
      if (!meta.used()) continue;
      all_gone = false;
      if (!shards_[meta.owner()]->move_slot(slot)) {
        common_.slab.end_visit(visit);
        return false;
      }
    }
    if (all_gone) break;
    if (pass > 1) std::this_thread::yield();
  }
  return common_.slab.end_visit(visit);
}

}  // namespace cubby
