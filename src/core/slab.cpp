#include "core/slab.hpp"

#include <cassert>

namespace cubby {

namespace {

// How many pages choose_drainable() compares for the one with the fewest used slots.
constexpr int kPagesCompared = 32;

constexpr std::memory_order kRelaxed = std::memory_order_relaxed;

}  // namespace

// Invariants, with a class's mutex held:
// - its list holds exactly its pages in state partial, each with at least one unused slot;
// - `unused` is the sum over that list of slots_per_page - used;
// - a page in state full has no unused slot;
// - a page with no used slot goes back to the arena, at the end of the visit if it is visited.

Slab::Slab(Arena& arena) : arena_(arena), pages_(arena.page_count()), owners_(arena.page_count()) {}

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
                          .state = PageState::partial};
  owners_[page].store(static_cast<std::uint8_t>(size_class + 1), kRelaxed);
  add_partial(c, page);
  c.unused.fetch_add(slots_per_page(size_class), kRelaxed);
  return true;
}

void Slab::end_page(Class& c, SizeClass size_class, PageNumber page) {
  PageInfo& info = pages_[page];
  if (info.state == PageState::partial) {
    remove_partial(c, page);
    c.unused.fetch_sub(slots_per_page(size_class), kRelaxed);
  }
  info.state = PageState::unused;
  owners_[page].store(0, kRelaxed);
  arena_.release_page(page);
}

Ref Slab::allocate(SizeClass size_class) noexcept {
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

void Slab::free(Ref slot, SizeClass size_class) noexcept {
  const PageNumber page = Arena::page_of(slot);
  Class& c = classes_[size_class];
  const MutexLock lock(c.mutex);
  PageInfo& info = pages_[page];
  assert(owners_[page].load(kRelaxed) == size_class + 1 && info.used > 0);

  SlotHeader& header = header_at(arena_, slot);
  store_meta(header, SlotMeta());
  header.next = info.free_slots;
  info.free_slots = slot;
  --info.used;
  if (info.state == PageState::visited) return;
  c.unused.fetch_add(1, kRelaxed);
  if (info.state == PageState::full) add_partial(c, page);
  if (info.used == 0) end_page(c, size_class, page);
}

void Slab::begin_visit(Class& c, PageNumber page) {
  PageInfo& info = pages_[page];
  assert(info.state == PageState::partial || info.state == PageState::full);
  if (info.state == PageState::partial) {
    const auto size_class = static_cast<SizeClass>(owners_[page].load(kRelaxed) - 1);
    remove_partial(c, page);
    c.unused.fetch_sub(slots_per_page(size_class) - info.used, kRelaxed);
  }
  info.state = PageState::visited;
}

PageNumber Slab::choose_drainable(SizeClass* size_class) {
  std::size_t most_unused = 0;
  for (SizeClass i = 0; i < kSizeClassCount; ++i) {
    const std::size_t unused = classes_[i].unused.load(kRelaxed);
    if (unused >= slots_per_page(i) && unused * slot_bytes(i) > most_unused) {
      most_unused = unused * slot_bytes(i);
      *size_class = i;
    }
  }
  if (most_unused == 0) return 0;

  Class& c = classes_[*size_class];
  const MutexLock lock(c.mutex);
  // The hint may have been overtaken. What counts is that the used slots of any one page fit into
  // the unused slots of the others.
  if (c.unused.load(kRelaxed) < slots_per_page(*size_class)) return 0;
  PageNumber emptiest = c.partial;
  int compared = 0;
  for (PageNumber p = c.partial; p != 0 && compared < kPagesCompared; p = pages_[p].next) {
    if (pages_[p].used < pages_[emptiest].used) emptiest = p;
    ++compared;
  }
  begin_visit(c, emptiest);
  return emptiest;
}

Slab::Visit::Visit(Slab& slab, PageNumber page) : slab_(slab) {
  slab.visits_.lock();
  const std::uint8_t owner = slab.owners_[page].load(kRelaxed);
  if (owner == 0) return;
  size_class_ = static_cast<SizeClass>(owner - 1);
  Class& c = slab.classes_[size_class_];
  const MutexLock lock(c.mutex);
  // It may have changed hands just before the lock; then it is empty or new, and not worth a visit.
  if (slab.owners_[page].load(kRelaxed) != owner) return;
  slab.begin_visit(c, page);
  page_ = page;
  slots_ = slab.pages_[page].handed_out;
}

Slab::Visit::Visit(Slab& slab) : slab_(slab) {
  slab.visits_.lock();
  page_ = slab.choose_drainable(&size_class_);
  // Nothing is handed out of the page any more, so this is stable without the class's mutex.
  if (page_ != 0) slots_ = slab.pages_[page_].handed_out;
}

Slab::Visit::~Visit() {
  if (page_ != 0) {
    Class& c = slab_.classes_[size_class_];
    const MutexLock lock(c.mutex);
    PageInfo& info = slab_.pages_[page_];
    const std::uint32_t slots = slots_per_page(size_class_);
    if (info.used == 0) {
      slab_.end_page(c, size_class_, page_);
    } else if (info.used == slots) {
      info.state = PageState::full;
    } else {
      slab_.add_partial(c, page_);
      c.unused.fetch_add(slots - info.used, kRelaxed);
    }
  }
  slab_.visits_.unlock();
}

bool Slab::Visit::empty() const {
  const MutexLock lock(slab_.classes_[size_class_].mutex);
  return slab_.pages_[page_].used == 0;
}

}  // namespace cubby
