// A value that is too large to be copied in one go.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <cubby/value_writer.hpp>

#include "core/arena.hpp"
#include "core/cache_state.hpp"

namespace cubby {

// Pages that hold one value and nothing else. They never move, so that a value can be written
// before it is anybody's, and read while its entry goes, without a lock.
//
// What they cost is charged to the budget page by page, until the last owner lets go. As long as
// the value is not an entry's, that counts as detached: no eviction can free it.
//
// Thread safety: append(), overwrite_front() and add_page() belong to one thread, which alone has
// the value; what has been written may be read by any number of owners at once.
class LargeValue {
 public:
  // What a page costs, with its place in the list.
  static constexpr std::size_t kPageCharge = kPageBytes + 2 * sizeof(PageNumber);

  // What a value of this size costs, beside its entry.
  static constexpr std::size_t footprint(std::size_t size) noexcept {
    return (size + kPageBytes - 1) / kPageBytes * kPageCharge;
  }

  explicit LargeValue(CacheState& state) noexcept : state_(state) {
    state_.large_values.fetch_add(1, std::memory_order_relaxed);
  }
  ~LargeValue();

  LargeValue(const LargeValue&) = delete;
  LargeValue& operator=(const LargeValue&) = delete;

  std::size_t size() const noexcept { return size_; }
  std::size_t charge() const noexcept {
    return state_.custom_charge ? 0 : pages_.size() * kPageCharge;
  }

  // Bytes that the pages have and that are not written yet.
  std::size_t room() const noexcept { return pages_.size() * kPageBytes - size_; }

  // Adds a page that the budget has been charged for already, by the caller, unless charges are
  // custom. Returns false when the arena has none; the charge is then still the caller's. Throws
  // std::bad_alloc likewise.
  [[nodiscard]] bool add_page();

  // Writes as much of `bytes` as there is room for, and returns how much that was.
  std::size_t append(std::string_view bytes) noexcept;

  // Writes over the first bytes, as ValueWriter::overwrite_front() does. There must be some.
  void overwrite_front(std::string_view bytes) noexcept;

  // The bytes from `offset` that lie in one piece.
  std::string_view part(std::size_t offset) const noexcept;

  // The value begins, or ceases, to be an entry's.
  void attach(const Notes& notes) noexcept;
  void detach() noexcept;

  const Notes& notes() const noexcept { return notes_; }
  bool attached() const noexcept { return attached_.load(std::memory_order_relaxed); }

 private:
  friend class PinnedValue;
  friend class ReleasedValues;

  char* page(std::size_t i) const noexcept;

  CacheState& state_;
  std::vector<PageNumber> pages_;
  std::size_t size_ = 0;
  Notes notes_{};
  std::atomic<bool> attached_{false};
  std::atomic<std::uint32_t> owners_{0};
  LargeValue* next_released_ = nullptr;
};

// Values that a shard has let go of. They are freed when this goes: after the shard's lock, when it
// was made before.
class ReleasedValues {
 public:
  ReleasedValues() = default;
  ~ReleasedValues();

  ReleasedValues(const ReleasedValues&) = delete;
  ReleasedValues& operator=(const ReleasedValues&) = delete;

  // Takes over an owner, or nothing when it is empty.
  void add(PinnedValue&& value) noexcept;

 private:
  LargeValue* first_ = nullptr;
};

}  // namespace cubby
