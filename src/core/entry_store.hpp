// How entries lie in slots.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <cubby/value.hpp>

#include "core/size_classes.hpp"
#include "core/slab.hpp"
#include "core/slot.hpp"

namespace cubby {

// A value that is to be stored: the bytes themselves, in two parts, or what has been written into
// pages already. Pages are taken over when the value is large, and copied from when it is not.
struct NewValue {
  std::string_view before = {};
  std::string_view bytes = {};
  PinnedValue pages = {};
  Notes notes{};  // kept with a large one

  std::size_t size() const noexcept { return pages ? pages.size() : before.size() + bytes.size(); }
  // The bytes from `offset` that lie in one piece.
  std::string_view part(std::size_t offset) const noexcept {
    if (pages) return pages.part(offset);
    return offset < before.size() ? before.substr(offset) : bytes.substr(offset - before.size());
  }
};

// An entry is one slot that holds its header, its key and its value. When they are larger than the
// largest slot, the last part of the value is in a chain of blocks, each a slot of the largest
// class, so that no entry, however large, needs memory in one piece. Of a value over
// kLargeValueBytes the slot has the address only: the entry is one of its owners.
//
// Thread safety: the functions that take a Ref need the lock of the shard that owns the entry;
// otherwise any thread may call any function.
class EntryStore {
 public:
  EntryStore(const Arena& arena, Slab& slab) noexcept : arena_(arena), slab_(slab) {}

  SlotHeader& header(Ref slot) const noexcept { return header_at(arena_, slot); }

  // The memory that an entry takes, without the pages of a large value.
  static std::size_t footprint(std::size_t key_size, std::size_t value_size) noexcept {
    if (key_size + value_size > kLargestSingle) return footprint_of_several(key_size, value_size);
    return slot_charge(size_class_of(sizeof(SlotHeader) + key_size + value_size));
  }

  // Makes an entry. Of `meta` only the expiry, the owner and the user flags count. Its place in the
  // LRU list is the caller's to write. Takes a large value over. Returns 0, with nothing taken,
  // when the arena is full.
  Ref create(std::string_view key, NewValue& value, SlotMeta meta);

  // Writes another value and meta into the entry, as create() would, when the entry's slots are
  // just those that the value needs; otherwise, and when either value is large, returns false and
  // leaves all as it was.
  bool overwrite(Ref entry, const NewValue& value, SlotMeta meta) noexcept;

  // Returns the owner of a large value that the entry was, for the caller to let go after the
  // shard's lock.
  [[nodiscard]] PinnedValue destroy(Ref entry) noexcept;

  // The large value of an entry; null when its value is not large.
  LargeValue* large_value(Ref entry) const noexcept;

  // Without what it takes to tell the time.
  ValueView value(Ref entry) const noexcept;

  // Moves an entry's slot, or a block, to another slot of its class, and returns that, or 0 when
  // there is none. Links within the entry follow; those from neighbours in the LRU list and from
  // the index are the caller's to mend. The old slot is free then.
  Ref move(Ref slot) noexcept;

 private:
  struct Shape;

  // What a key and a value have room for in one slot.
  static constexpr std::size_t kLargestSingle = kMaxSlotBytes - sizeof(SlotHeader);

  static std::size_t footprint_of_several(std::size_t key_size, std::size_t value_size) noexcept;
  void write_value(Ref entry, const NewValue& value, const Shape& shape) noexcept;
  void free_chain(Ref first) noexcept;
  void set_large_value(Ref entry, LargeValue* value, const Notes& notes) noexcept;
  // Where a chained entry keeps the ref of its first block.
  Ref first_block(Ref entry) const noexcept;
  void set_first_block(Ref entry, Ref block) noexcept;

  const Arena& arena_;
  Slab& slab_;
};

}  // namespace cubby
