#include "core/sweeper.hpp"

namespace cubby {

Sweeper::Progress Sweeper::sweep(std::size_t most_pages) {
  const MutexLock lock(mutex_);
  const std::uint64_t now = state_.now_ms();
  const PageNumber pages = state_.arena.pages_touched();
  Progress progress;
  for (PageNumber looked_at = 1; looked_at < pages; ++looked_at) {
    if (next_ >= pages) next_ = 1;
    const PageNumber page = next_++;
    if (!state_.expiry_hints.take_if_due(page, now)) continue;
    progress.removed += sweep_page(page, now);
    if (--most_pages == 0) {
      progress.more = true;
      return progress;
    }
  }
  state_.expiry_hints.recompute_earliest([this] { return state_.arena.pages_touched(); });
  return progress;
}

std::size_t Sweeper::sweep_page(PageNumber page, std::uint64_t now) {
  const Slab::Visit visit(state_.slab, page);
  if (!visit) return 0;
  std::size_t removed = 0;
  for (std::uint32_t i = 0; i < visit.slots(); ++i) {
    const Ref slot = visit.slot(i);
    const SlotMeta meta = load_meta(header_at(state_.arena, slot));
    if (!meta.used() || meta.expiry() == 0) continue;
    if (meta.expiry() <= now && shards_[meta.owner()]->expire_slot(slot, now)) {
      ++removed;
    } else {
      // Not yet, or its put has not ended: it is for another time.
      state_.expiry_hints.note(page, meta.expiry());
    }
  }
  return removed;
}

}  // namespace cubby
