#include "core/arena.hpp"

#include <new>

#include <sys/mman.h>

namespace cubby {

namespace {

// Enough that classes trading pages with one another do not go through the system each time.
constexpr std::size_t kMostKept = 64;

}  // namespace

Arena::Arena(std::size_t capacity_bytes) {
  page_count_ = static_cast<PageNumber>((capacity_bytes + kPageBytes - 1) / kPageBytes + 1);
  void* memory = ::mmap(nullptr, page_count_ * kPageBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  base_ = static_cast<std::byte*>(memory);
  // So that taking and releasing pages never allocates. Only what is used of it takes memory.
  kept_.reserve(kMostKept);
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

void Arena::release_page(PageNumber page) noexcept {
  const MutexLock lock(mutex_);
  pages_in_use_.fetch_sub(1, std::memory_order_relaxed);
  if (kept_.size() < kMostKept) {
    kept_.push_back(page);
    return;
  }
  ::madvise(at(first_ref(page)), kPageBytes, MADV_DONTNEED);
  resident_pages_.fetch_sub(1, std::memory_order_relaxed);
  given_back_.push_back(page);
}

}  // namespace cubby
