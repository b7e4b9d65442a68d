#include "core/expiry_hints.hpp"

#include <algorithm>
#include <new>

namespace cubby {

namespace {

constexpr std::memory_order kRelaxed = std::memory_order_relaxed;

void lower(std::atomic<std::uint64_t>& bound, std::uint64_t value) noexcept {
  std::uint64_t now = bound.load(kRelaxed);
  while (value < now && !bound.compare_exchange_weak(now, value, kRelaxed)) {
  }
}

void raise(std::atomic<std::uint64_t>& bound, std::uint64_t value) noexcept {
  std::uint64_t now = bound.load(kRelaxed);
  // Releases what take_if_due() acquires: an entry whose note is taken away is there to be seen.
  while (value > now && !bound.compare_exchange_weak(now, value, std::memory_order_release)) {
  }
}

}  // namespace

ExpiryHints::ExpiryHints(PageNumber pages)
    : pages_(static_cast<std::atomic<std::uint64_t>*>(
          std::calloc(pages, sizeof(std::atomic<std::uint64_t>)))) {
  if (pages_ == nullptr) throw std::bad_alloc();
}

void ExpiryHints::note(PageNumber page, std::uint64_t expiry) noexcept {
  raise(pages_[page], kNever - expiry);
  lower(earliest_, expiry);
}

bool ExpiryHints::take_if_due(PageNumber page, std::uint64_t now) noexcept {
  if (kNever - pages_[page].load(kRelaxed) > now) return false;
  pages_[page].exchange(0, std::memory_order_acquire);
  return true;
}

void ExpiryHints::recompute_earliest(PageNumber pages) noexcept {
  // What is noted from now on lowers the bound again, whatever this finds.
  earliest_.store(kNever, kRelaxed);
  std::uint64_t found = kNever;
  for (PageNumber page = 1; page < pages; ++page) {
    found = std::min(found, kNever - pages_[page].load(kRelaxed));
  }
  lower(earliest_, found);
}

}  // namespace cubby
