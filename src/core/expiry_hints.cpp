#include "core/expiry_hints.hpp"

#include <algorithm>

namespace cubby {

// A note writes a page's hint and then looks at the bound for all pages; a recomputation writes the
// bound and then looks at the hints. One of the two must see what the other wrote, or the note is
// lost. Hence everything here is sequentially consistent, and a note always writes, even what is
// there already: that makes the entry, which was written before, visible to whoever takes the hint
// away.

void ExpiryHints::note(PageNumber page, std::uint64_t expiry) noexcept {
  const std::uint64_t distance = kNever - expiry;
  std::uint64_t now = pages_[page].load();
  while (!pages_[page].compare_exchange_weak(now, std::max(now, distance))) {
  }
  lower_earliest(expiry);
}

bool ExpiryHints::take_if_due(PageNumber page, std::uint64_t now) noexcept {
  if (kNever - pages_[page].load() > now) return false;
  pages_[page].exchange(0);
  return true;
}

void ExpiryHints::lower_earliest(std::uint64_t expiry) noexcept {
  std::uint64_t now = earliest_.load();
  while (expiry < now && !earliest_.compare_exchange_weak(now, expiry)) {
  }
}

std::uint64_t ExpiryHints::earliest_of(PageNumber pages) noexcept {
  std::uint64_t found = kNever;
  for (PageNumber page = 1; page < pages; ++page) {
    found = std::min(found, kNever - pages_[page].load());
  }
  return found;
}

}  // namespace cubby
