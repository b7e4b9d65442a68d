// Slots of every size class, cut from the arena's pages, and the way to empty a page that is
// mostly unused.
//
// Only slots of one class share a page, so a slot that comes free serves the next entry of its size
// at no cost, and memory that is free but of the wrong size is always one of at most one page a
// class, or can be gathered into whole pages by moving slots (see drain below). A page is therefore
// never lost to fragmentation, and the cache never has to evict because of it.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "core/arena.hpp"
#include "core/size_classes.hpp"
#include "core/slot.hpp"
#include "core/thread_annotations.hpp"

namespace cubby {

// Thread safety: all member functions may be called from any thread, but only one drain may be
// under way at a time.
class Slab {
 public:
  // `arena` must outlive the slab, which must be its only user. Throws std::bad_alloc.
  explicit Slab(Arena& arena);

  // A slot of the class, or 0 when the arena has no page left. Its content is unspecified, except
  // that it says that it is unused.
  Ref allocate(SizeClass size_class);

  // `slot` must be of the class. Marks it unused.
  void free(Ref slot, SizeClass size_class);

  // A page that is being emptied. No slot of it is handed out meanwhile.
  struct Drain {
    PageNumber page = 0;
    SizeClass size_class = 0;
    std::uint32_t slots = 0;  // how many were ever handed out: the first ones of the page

    explicit operator bool() const noexcept { return page != 0; }
    Ref slot(std::uint32_t i) const noexcept {
      return Arena::first_ref(page) + i * (slot_bytes(size_class) / std::uint32_t{kGranuleBytes});
    }
  };

  // Chooses the class with the most unused memory among those whose unused slots would fill a page,
  // and in it a page with few used slots. Whoever empties the page moves each used slot elsewhere
  // and frees it; the page goes back to the arena with the last one. Nothing when no class
  // qualifies.
  Drain begin_drain();

  // Gives up on what is left. True when the page has gone back to the arena.
  bool end_drain(const Drain& drain);

 private:
  enum class PageState : std::uint8_t { unused, partial, full, draining };

  struct PageInfo {
    PageNumber next;  // neighbours in the class's list of partial pages; 0 ends it
    PageNumber previous;
    Ref free_slots;  // a list through the unused slots
    std::uint16_t used;
    std::uint16_t handed_out;  // slots from here on have never been used
    PageState state;
    SizeClass size_class;
  };

  struct alignas(64) Class {
    Mutex mutex;
    PageNumber partial CUBBY_GUARDED_BY(mutex) = 0;
    // Unused slots on partial pages. Written with the mutex held, read as a hint without it.
    std::atomic<std::size_t> unused{0};
    PageNumber draining CUBBY_GUARDED_BY(mutex) = 0;
  };

  struct Free {
    void operator()(void* p) const noexcept { std::free(p); }
  };

  void add_partial(Class& c, PageNumber page) CUBBY_REQUIRES(c.mutex);
  void remove_partial(Class& c, PageNumber page) CUBBY_REQUIRES(c.mutex);
  bool begin_page(Class& c, SizeClass size_class) CUBBY_REQUIRES(c.mutex);
  void end_page(Class& c, PageNumber page) CUBBY_REQUIRES(c.mutex);

  Arena& arena_;
  // One for each page of the arena; each is guarded by the mutex of the class that has the page.
  std::unique_ptr<PageInfo[], Free> pages_;
  std::array<Class, kSizeClassCount> classes_;
};

}  // namespace cubby
