#include "core/compactor.hpp"

namespace cubby {

void Compactor::reduce_to(std::size_t most_pages) {
  // A page cannot be emptied while a slot of it has been handed out and not yet been made an entry.
  // That takes no time, unless the thread that does it has lost its processor.
  constexpr int kMostFailures = 16;
  int failures = 0;
  while (state_.arena.pages_in_use() > most_pages && failures < kMostFailures) {
    const Result result = empty_a_page();
    if (result == Result::nothing_to_empty) return;
    if (result == Result::failed) ++failures;
  }
}

Compactor::Result Compactor::empty_a_page() {
  const Slab::Visit visit(state_.slab);
  if (!visit) return Result::nothing_to_empty;
  for (std::uint32_t i = 0; i < visit.slots(); ++i) {
    const SlotMeta meta = load_meta(header_at(state_.arena, visit.slot(i)));
    if (meta.used() && !shards_[meta.owner()]->move_slot(visit.slot(i))) return Result::failed;
  }
  return visit.empty() ? Result::emptied : Result::failed;
}

}  // namespace cubby
