// Values that are written before they are put.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <cubby/value.hpp>

namespace cubby {

class Cache;

// A value that is handed over piece by piece, before its key or its size need be known. When it is
// over kLargeValueBytes it is then put without being copied again.
//
// Thread safety: none.
class ValueWriter {
 public:
  // `cache` must outlive it.
  explicit ValueWriter(Cache& cache) noexcept : cache_(&cache) {}
  ValueWriter(ValueWriter&&) noexcept = default;
  ValueWriter& operator=(ValueWriter&&) noexcept = default;

  enum class Outcome : std::uint8_t {
    appended,
    too_large,  // it can never fit
    no_room,    // as with PutOutcome
  };

  // Takes memory for `bytes`, evicting entries when the budget needs it, and copies them. When the
  // outcome is not `appended`, the writer is empty again. Throws std::bad_alloc; some of `bytes`
  // may have been appended then.
  Outcome append(std::string_view bytes);

  // Writes other bytes over the first ones: at most kFrontBytes, and at most size().
  void overwrite_front(std::string_view bytes) noexcept;

  // Lets go of everything.
  void clear() noexcept { value_ = PinnedValue(); }

  std::size_t size() const noexcept { return value_.size(); }

  // What it takes of the budget.
  std::size_t memory_bytes() const noexcept;

 private:
  friend class Cache;
  friend class Updater;

  Cache* cache_;
  PinnedValue value_;
};

}  // namespace cubby
