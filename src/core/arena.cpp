#include "core/arena.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <new>

#include <sys/mman.h>

namespace cubby {

namespace {

// Some hundred microseconds' work.
constexpr std::size_t kTrimmedAtOnce = 64;

}  // namespace

Arena::Arena(std::size_t capacity_bytes) {
  page_count_ = static_cast<PageNumber>((capacity_bytes + kPageBytes - 1) / kPageBytes + 1);
  void* memory = ::mmap(nullptr, page_count_ * kPageBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  base_ = static_cast<std::byte*>(memory);
  // So that taking and releasing pages never allocates. Only what is used of it takes memory.
  kept_.reserve(page_count_);
  given_back_.reserve(page_count_);
}

Arena::~Arena() { ::munmap(base_, page_count_ * kPageBytes); }

PageNumber Arena::acquire_page() noexcept {
  const MutexLock lock(mutex_);
  PageNumber page = 0;
  if (!kept_.empty()) {
    page = kept_.back();
    kept_.pop_back();
  } else if (!given_back_.empty()) {
    page = given_back_.back();
    given_back_.pop_back();
    resident_pages_.fetch_add(1, std::memory_order_relaxed);
  } else if (const PageNumber touched = pages_touched(); touched < page_count_) {
    page = touched;
    next_untouched_.store(touched + 1, std::memory_order_relaxed);
    resident_pages_.fetch_add(1, std::memory_order_relaxed);
  } else {
    return 0;
  }
  pages_in_use_.fetch_add(1, std::memory_order_relaxed);
  return page;
}

void Arena::release_pages(std::span<const PageNumber> pages) noexcept {
  const MutexLock lock(mutex_);
  pages_in_use_.fetch_sub(pages.size(), std::memory_order_relaxed);
  kept_.insert(kept_.end(), pages.begin(), pages.end());
}

bool Arena::trim(std::size_t most) noexcept {
  std::array<PageNumber, kTrimmedAtOnce> taken;
  std::size_t count = 0;
  bool more = false;
  {
    const MutexLock lock(mutex_);
    const std::size_t resident = resident_pages();
    const std::size_t surplus = std::min(resident - std::min(most, resident), kept_.size());
    count = std::min(surplus, taken.size());
    more = surplus > count;
    std::copy(kept_.end() - static_cast<std::ptrdiff_t>(count), kept_.end(), taken.begin());
    kept_.resize(kept_.size() - count);
  }
  const std::span pages(taken.data(), count);
  // Neighbours go in one call, which spares the other cores' address caches.
  std::sort(pages.begin(), pages.end());
  for (std::size_t begin = 0, end = 0; begin < count; begin = end) {
    for (end = begin + 1; end < count && pages[end] == pages[end - 1] + 1;) ++end;
    ::madvise(at(first_ref(pages[begin])), (end - begin) * kPageBytes, MADV_DONTNEED);
  }
  const MutexLock lock(mutex_);
  given_back_.insert(given_back_.end(), pages.begin(), pages.end());
  resident_pages_.fetch_sub(count, std::memory_order_relaxed);
  return more;
}

}  // namespace cubby
