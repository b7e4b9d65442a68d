// Slots of every size class, cut from the arena's pages, and the way to visit the slots of a page,
// to empty it or to look for something in it.
//
// Only slots of one class share a page, so a slot that comes free serves the next entry of its size
// at no cost, and memory that is free but of the wrong size is always one of at most one page a
// class, or can be gathered into whole pages by moving slots (see Visit below). A page is
// therefore never lost to fragmentation, and the cache never has to evict because of it.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "core/arena.hpp"
#include "core/mutex.hpp"
#include "core/size_classes.hpp"
#include "core/slot.hpp"
#include "core/zeroed_array.hpp"

namespace cubby {

// Thread safety: all member functions may be called from any thread.
class Slab {
 public:
  // `arena` must outlive the slab. Throws std::bad_alloc.
  explicit Slab(Arena& arena);

  // A slot of the class, or 0 when the arena has no page left. Its content is unspecified, except
  // that it says that it is unused.
  Ref allocate(SizeClass size_class) noexcept;

  // `slot` must be of the class. Marks it unused.
  void free(Ref slot, SizeClass size_class) noexcept;

  class Visit;

 private:
  enum class PageState : std::uint8_t { unused, partial, full, visited };

  struct PageInfo {
    PageNumber next;  // neighbours in the class's list of partial pages; 0 ends it
    PageNumber previous;
    Ref free_slots;  // a list through the unused slots
    std::uint16_t used;
    std::uint16_t handed_out;  // slots from here on have never been used
    PageState state;
  };

  struct alignas(64) Class {
    Mutex mutex;
    PageNumber partial CUBBY_GUARDED_BY(mutex) = 0;
    // Unused slots on partial pages. Written with the mutex held, read as a hint without it.
    std::atomic<std::size_t> unused{0};
  };

  void add_partial(Class& c, PageNumber page) CUBBY_REQUIRES(c.mutex);
  void remove_partial(Class& c, PageNumber page) CUBBY_REQUIRES(c.mutex);
  bool begin_page(Class& c, SizeClass size_class) CUBBY_REQUIRES(c.mutex);
  void end_page(Class& c, SizeClass size_class, PageNumber page) CUBBY_REQUIRES(c.mutex);
  void begin_visit(Class& c, PageNumber page) CUBBY_REQUIRES(c.mutex);
  PageNumber choose_drainable(SizeClass* size_class);

  Arena& arena_;
  // One for each page of the arena; each is guarded by the mutex of the class that has the page.
  ZeroedArray<PageInfo> pages_;
  // Which class has the page: 1 + its number, or 0. Changes with the mutex of that class held.
  ZeroedArray<std::atomic<std::uint8_t>> owners_;
  std::array<Class, kSizeClassCount> classes_;
  // Held during a visit, so that there is one at a time.
  Mutex visits_;
};

// A page whose slots are being looked at. Slots of it may be freed meanwhile, but none is handed
// out, and the page stays what it is until the visit ends. A second visit waits for the first.
class CUBBY_SCOPED_CAPABILITY Slab::Visit {
 public:
  // To this page; to none when it is not in use.
  Visit(Slab& slab, PageNumber page) CUBBY_ACQUIRE(slab.visits_);

  // To a page that can be emptied: of the class with the most unused memory among those whose
  // unused slots would fill a page, one with few used slots. To none when no class qualifies.
  explicit Visit(Slab& slab) CUBBY_ACQUIRE(slab.visits_);

  // Returns the page to the arena if it has no used slot any more.
  ~Visit() CUBBY_RELEASE();

  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  explicit operator bool() const noexcept { return page_ != 0; }

  // How many slots were ever handed out: the first ones of the page.
  std::uint32_t slots() const noexcept { return slots_; }
  Ref slot(std::uint32_t i) const noexcept {
    return Arena::first_ref(page_) + i * (slot_bytes(size_class_) / std::uint32_t{kGranuleBytes});
  }

  // Whether no slot is used any more.
  bool empty() const;

 private:
  Slab& slab_;
  PageNumber page_ = 0;
  SizeClass size_class_ = 0;
  std::uint32_t slots_ = 0;
};

}  // namespace cubby
