// When the first entry of each page expires, at the earliest.

#pragma once

#include <atomic>
#include <cstdint>

#include "core/arena.hpp"
#include "core/zeroed_array.hpp"

namespace cubby {

// A lower bound for each page, so that whoever looks for expired entries reads the pages that have
// some and no others. What was noted for an entry stays when the entry goes; the next look at the
// page finds out.
//
// Thread safety: all member functions may be called from any thread.
class ExpiryHints {
 public:
  static constexpr std::uint64_t kNever = UINT64_MAX;

  // Throws std::bad_alloc.
  explicit ExpiryHints(PageNumber pages) : pages_(pages) {}

  // An entry on the page expires at `expiry`, in milliseconds.
  void note(PageNumber page, std::uint64_t expiry) noexcept;

  // Whether something on the page may have expired at `now`. The hint is then taken away: the
  // caller looks, and notes what it finds to expire later.
  bool take_if_due(PageNumber page, std::uint64_t now) noexcept;

  // A lower bound for all pages.
  std::uint64_t earliest() const noexcept { return earliest_.load(std::memory_order_relaxed); }

  // Sets the bound for all pages to what those below `pages_touched()` say; the function is called
  // when it can no longer miss a page.
  template <class PagesTouched>
  void recompute_earliest(PagesTouched pages_touched) noexcept {
    earliest_.exchange(kNever);
    lower_earliest(earliest_of(pages_touched()));
  }

 private:
  void lower_earliest(std::uint64_t expiry) noexcept;
  std::uint64_t earliest_of(PageNumber pages) noexcept;

  // Kept as the distance to kNever, so that memory that was never touched says kNever.
  ZeroedArray<std::atomic<std::uint64_t>> pages_;
  std::atomic<std::uint64_t> earliest_{kNever};
};

}  // namespace cubby
