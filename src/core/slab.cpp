#include "core/slab.hpp"

#include <cassert>
#include <new>

namespace cubby {

namespace {

// How many pages a drain looks at for the one with the fewest used slots.
constexpr int kPagesCompared = 32;

constexpr std::memory_order kRelaxed = std::memory_order_relaxed;

}  // namespace

// Invariants, with a class's mutex held:
// - its list holds exactly its pages in state partial, each with at least one unused slot;
// - `unused` is the sum over that list of slots_per_page - used;
// - a page in state full has no unused slot; a page with no used slot goes back to the arena.

Slab::Slab(Arena& arena)
    : arena_(arena),
      // Not touched until a page is: calloc leaves a large block to the system's zero pages.
      pages_(static_cast<PageInfo*>(std::calloc(arena.page_count(), sizeof(PageInfo)))) {
  if (pages_ == nullptr) throw std::bad_alloc();
}

void Slab::add_partial(Class& c, PageNumber page) {
  PageInfo& info = pages_[page];
  info.state = PageState::partial;
  info.next = c.partial;
  info.previous = 0;
  if (c.partial != 0) pages_[c.partial].previous = page;
  c.partial = page;
}

void Slab::remove_partial(Class& c, PageNumber page) {
  const PageInfo& info = pages_[page];
  (info.previous != 0 ? pages_[info.previous].next : c.partial) = info.next;
  if (info.next != 0) pages_[info.next].previous = info.previous;
}

bool Slab::begin_page(Class& c, SizeClass size_class) {
  const PageNumber page = arena_.acquire_page();
  if (page == 0) return false;
  pages_[page] = PageInfo{.next = 0,
                          .previous = 0,
                          .free_slots = 0,
                          .used = 0,
                          .handed_out = 0,
                          .state = PageState::partial,
                          .size_class = size_class};
  add_partial(c, page);
  c.unused.fetch_add(slots_per_page(size_class), kRelaxed);
  return true;
}

void Slab::end_page(Class& c, PageNumber page) {
  PageInfo& info = pages_[page];
  if (info.state == PageState::partial) {
    remove_partial(c, page);
    c.unused.fetch_sub(slots_per_page(info.size_class), kRelaxed);
  }
  if (c.draining == page) c.draining = 0;
  info.state = PageState::unused;
  arena_.release_page(page);
}

Ref Slab::allocate(SizeClass size_class) {
  Class& c = classes_[size_class];
  const MutexLock lock(c.mutex);
  if (c.partial == 0 && !begin_page(c, size_class)) return 0;

  const PageNumber page = c.partial;
  PageInfo& info = pages_[page];
  Ref slot = info.free_slots;
  if (slot != 0) {
    info.free_slots = header_at(arena_, slot).next;
  } else {
    slot = Arena::first_ref(page) +
           info.handed_out++ * (slot_bytes(size_class) / std::uint32_t{kGranuleBytes});
    store_meta(header_at(arena_, slot), SlotMeta());
  }
  c.unused.fetch_sub(1, kRelaxed);
  if (++info.used == slots_per_page(size_class)) {
    remove_partial(c, page);
    info.state = PageState::full;
  }
  return slot;
}

void Slab::free(Ref slot, SizeClass size_class) {
  const PageNumber page = Arena::page_of(slot);
  Class& c = classes_[size_class];
  const MutexLock lock(c.mutex);
  PageInfo& info = pages_[page];
  assert(info.size_class == size_class && info.used > 0);

  SlotHeader& header = header_at(arena_, slot);
  store_meta(header, SlotMeta());
  header.next = info.free_slots;
  info.free_slots = slot;
  --info.used;
  if (info.state != PageState::draining) c.unused.fetch_add(1, kRelaxed);
  if (info.state == PageState::full) add_partial(c, page);
  if (info.used == 0) end_page(c, page);
}

Slab::Drain Slab::begin_drain() {
  std::size_t most_unused = 0;
  SizeClass chosen = 0;
  for (SizeClass i = 0; i < kSizeClassCount; ++i) {
    const std::size_t unused = classes_[i].unused.load(kRelaxed);
    if (unused >= slots_per_page(i) && unused * slot_bytes(i) > most_unused) {
      most_unused = unused * slot_bytes(i);
      chosen = i;
    }
  }
  if (most_unused == 0) return {};

  Class& c = classes_[chosen];
  const MutexLock lock(c.mutex);
  // The hint may have been overtaken. What counts is that the used slots of any one page fit into
  // the unused slots of the others.
  if (c.unused.load(kRelaxed) < slots_per_page(chosen)) return {};
  PageNumber page = c.partial;
  int compared = 0;
  for (PageNumber p = c.partial; p != 0 && compared < kPagesCompared; p = pages_[p].next) {
    if (pages_[p].used < pages_[page].used) page = p;
    ++compared;
  }
  remove_partial(c, page);
  PageInfo& info = pages_[page];
  info.state = PageState::draining;
  c.draining = page;
  c.unused.fetch_sub(slots_per_page(chosen) - info.used, kRelaxed);
  return {page, chosen, info.handed_out};
}

bool Slab::end_drain(const Drain& drain) {
  Class& c = classes_[drain.size_class];
  const MutexLock lock(c.mutex);
  // When the page has gone back, what is known of it belongs to whoever has it now.
  if (c.draining != drain.page) return true;
  c.draining = 0;
  add_partial(c, drain.page);
  c.unused.fetch_add(slots_per_page(drain.size_class) - pages_[drain.page].used, kRelaxed);
  return false;
}

}  // namespace cubby
