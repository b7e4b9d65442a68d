// How entries lie in slots.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <cubby/cache.hpp>

#include "core/slab.hpp"
#include "core/slot.hpp"

namespace cubby {

// An entry is one slot that holds its header, its key and its value. When they are larger than the
// largest slot, the last part of the value is in a chain of blocks, each a slot of the largest
// class, so that no entry, however large, needs memory in one piece.
//
// Thread safety: the functions that take a Ref need the lock of the shard that owns the entry;
// otherwise any thread may call any function.
class EntryStore {
 public:
  EntryStore(const Arena& arena, Slab& slab) noexcept : arena_(arena), slab_(slab) {}

  SlotHeader& header(Ref slot) const noexcept { return header_at(arena_, slot); }

  // The memory that an entry takes.
  static std::size_t footprint(std::size_t key_size, std::size_t value_size) noexcept;
  std::size_t footprint(Ref entry) const noexcept;

  // Makes an entry. Of `meta` only the expiry, the owner and the user flags count. Its place in the
  // LRU list is the caller's to write. Returns 0 when the arena is full.
  Ref create(std::string_view key, std::string_view value, SlotMeta meta);

  // Writes another value and meta into the entry, as create() would, when the entry's slots are
  // just those that the value needs; otherwise returns false and leaves all as it was.
  bool overwrite(Ref entry, std::string_view value, SlotMeta meta) noexcept;

  void destroy(Ref entry) noexcept;

  ValueView value(Ref entry) const noexcept;

  // Moves an entry's slot, or a block, to another slot of its class, and returns that, or 0 when
  // there is none. Links within the entry follow; those from neighbours in the LRU list and from
  // the index are the caller's to mend. The old slot is free then.
  Ref move(Ref slot) noexcept;

 private:
  struct Shape;

  void write_value(Ref entry, std::string_view value, const Shape& shape) noexcept;
  void free_chain(Ref first) noexcept;
  // Where a chained entry keeps the ref of its first block.
  Ref first_block(Ref entry) const noexcept;
  void set_first_block(Ref entry, Ref block) noexcept;

  const Arena& arena_;
  Slab& slab_;
};

}  // namespace cubby
