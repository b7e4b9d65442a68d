// The address space where entries live, handed out in pages.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/mutex.hpp"

namespace cubby {

// The address of something in an arena, in units of kGranuleBytes from its base. Half the size of a
// pointer; 0 is no address.
using Ref = std::uint32_t;
using PageNumber = std::uint32_t;

inline constexpr std::size_t kGranuleBytes = 8;
inline constexpr std::size_t kPageBytes = std::size_t{32} << 10;
inline constexpr std::uint32_t kGranulesPerPage = kPageBytes / kGranuleBytes;

// Reserves its whole capacity as addresses at once and takes real memory only as pages are touched.
// A page that comes back is kept for the next taker, until trim() gives it back to the system.
//
// Thread safety: all member functions may be called from any thread.
class Arena {
 public:
  // The most that a Ref can address, less page 0.
  static constexpr std::size_t kMaxBytes = (kGranuleBytes << 32) - kPageBytes;

  // Room for `capacity_bytes`, at most kMaxBytes, rounded up to whole pages. Throws std::bad_alloc
  // when the system refuses the addresses.
  explicit Arena(std::size_t capacity_bytes);
  ~Arena();

  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // How many pages there can be, with page 0, which is never handed out.
  PageNumber page_count() const noexcept { return page_count_; }

  // A page of unspecified content, or 0 when all are taken.
  PageNumber acquire_page() noexcept CUBBY_EXCLUDES(mutex_);
  void release_page(PageNumber page) noexcept { release_pages({&page, 1}); }
  void release_pages(std::span<const PageNumber> pages) noexcept CUBBY_EXCLUDES(mutex_);

  // Gives kept pages back until at most `most` pages take memory, in use or kept, or until none is
  // kept; but a bounded number in one call. Returns true when it has stopped for that.
  bool trim(std::size_t most) noexcept CUBBY_EXCLUDES(mutex_);

  // Pages that take memory from the system now: in use and kept.
  std::size_t resident_pages() const noexcept {
    return resident_pages_.load(std::memory_order_relaxed);
  }

  // All pages that were ever handed out have numbers below this.
  PageNumber pages_touched() const noexcept {
    return next_untouched_.load(std::memory_order_relaxed);
  }

  std::size_t pages_in_use() const noexcept {
    return pages_in_use_.load(std::memory_order_relaxed);
  }

  std::byte* at(Ref ref) const noexcept { return base_ + std::size_t{ref} * kGranuleBytes; }

  static Ref first_ref(PageNumber page) noexcept { return page * kGranulesPerPage; }
  static PageNumber page_of(Ref ref) noexcept { return ref / kGranulesPerPage; }

 private:
  std::byte* base_ = nullptr;
  PageNumber page_count_ = 0;
  std::atomic<std::size_t> pages_in_use_{0};
  std::atomic<std::size_t> resident_pages_{0};

  Mutex mutex_;
  std::vector<PageNumber> kept_ CUBBY_GUARDED_BY(mutex_);
  std::vector<PageNumber> given_back_ CUBBY_GUARDED_BY(mutex_);
  // Written with the mutex held.
  std::atomic<PageNumber> next_untouched_{1};
};

}  // namespace cubby
