// The entries of a shard that have been cleared and still take memory.

#pragma once

#include <cstddef>

#include "core/entry_store.hpp"

namespace cubby {

// A list, by the entries' own links, of entries that no index knows any more.
//
// Thread safety: none; the shard's lock guards it.
class ClearedList {
 public:
  // `store` must outlive it.
  explicit ClearedList(const EntryStore& store) noexcept : store_(store) {}

  std::size_t size() const noexcept { return size_; }
  // Any one of them, or 0 when there is none.
  Ref first() const noexcept { return first_; }

  // Adds a list of `size` entries, one or more, from `first` along `next` to `last`.
  void add(Ref first, Ref last, std::size_t size) noexcept;

  void take_out(Ref entry) noexcept;

  // An entry of the list has been moved to `to`, links and all.
  void follow(Ref to) noexcept;

 private:
  const EntryStore& store_;
  Ref first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace cubby
