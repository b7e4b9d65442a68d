#include "core/entry_store.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "core/cache_state.hpp"
#include "core/large_value.hpp"

namespace cubby {

namespace {

constexpr std::size_t kBlockPayloadBytes = kMaxSlotBytes - sizeof(SlotHeader);

// Of a large value, as it stands in its entry, at no particular alignment.
using Address = void*;

constexpr bool is_large(std::size_t value_size) { return value_size > kLargeValueBytes; }

std::size_t bytes_before_value(const SlotHeader& header) noexcept {
  const SlotMeta meta = header.get_meta();
  return meta.key_size() + (meta.is_chained() ? sizeof(Ref) : 0);
}

bool in_one_slot(const SlotHeader& header) noexcept {
  return !header.get_meta().is_chained() && !is_large(header.value_size);
}

// Hands the parts of a value's `left` bytes that are in blocks, from `skipped` bytes into the first
// one on, to `sink` in order.
template <class Sink>
void for_each_part_in_blocks(const Arena& arena, Ref block, std::size_t skipped, std::size_t left,
                             Sink&& sink) {
  while (left != 0) {
    const SlotHeader& b = header_at(arena, block);
    if (b.next != 0) __builtin_prefetch(arena.at(b.next));
    const std::size_t n = std::min(left, kBlockPayloadBytes - skipped);
    sink(std::string_view(b.payload() + skipped, n));
    left -= n;
    skipped = 0;
    block = b.next;
  }
}

}  // namespace

// How many blocks an entry has, and how much of the value is in its own slot before them. All
// blocks but the last are full. Either the head has at least kFrontBytes of the value, or nothing.
struct EntryStore::Shape {
  // What needs blocks is so large that the head's slot has room for the front, and the first block
  // more than that when it has all.
  static_assert(sizeof(SlotHeader) + kMaxKeyBytes + sizeof(Ref) + kFrontBytes <= kMaxSlotBytes &&
                kFrontBytes + kMaxKeyBytes <= kLargestSingle && kFrontBytes <= kPageBytes);

  SizeClass head_class;
  std::size_t blocks;
  std::size_t head_value_bytes;

  static Shape of(std::size_t key_size, std::size_t value_size) noexcept {
    if (is_large(value_size)) {
      return {size_class_of(sizeof(SlotHeader) + key_size + sizeof(Address)), 0, 0};
    }
    if (key_size + value_size <= kLargestSingle) {
      return {size_class_of(sizeof(SlotHeader) + key_size + value_size), 0, value_size};
    }
    const std::size_t fixed = sizeof(SlotHeader) + key_size + sizeof(Ref);
    // As few blocks as leave a rest that fits the head's slot. With a long key the rest may be all
    // in the last block.
    const std::size_t over = fixed + value_size - kMaxSlotBytes;
    const std::size_t blocks = (over + kBlockPayloadBytes - 1) / kBlockPayloadBytes;
    const std::size_t in_blocks = blocks * kBlockPayloadBytes;
    // A little in the head becomes a front in one piece, of which the last block then has less.
    const std::size_t in_head =
        value_size > in_blocks ? std::max(value_size - in_blocks, kFrontBytes) : 0;
    return {size_class_of(fixed + in_head), blocks, in_head};
  }

  bool operator==(const Shape& other) const noexcept {
    return head_class == other.head_class && blocks == other.blocks;
  }
};

std::size_t EntryStore::footprint_of_several(std::size_t key_size,
                                             std::size_t value_size) noexcept {
  const Shape shape = Shape::of(key_size, value_size);
  return slot_charge(shape.head_class) + shape.blocks * slot_charge(kLargestClass);
}

LargeValue* EntryStore::large_value(Ref entry) const noexcept {
  const SlotHeader& h = header(entry);
  if (!is_large(h.value_size)) return nullptr;
  Address address = nullptr;
  std::memcpy(&address, h.payload() + h.get_meta().key_size(), sizeof address);
  return static_cast<LargeValue*>(address);
}

void EntryStore::set_large_value(Ref entry, LargeValue* value, const Notes& notes) noexcept {
  SlotHeader& h = header(entry);
  value->attach(notes);
  h.value_size = static_cast<std::uint32_t>(value->size());
  const Address address = value;
  std::memcpy(h.payload() + h.get_meta().key_size(), &address, sizeof address);
}

Ref EntryStore::first_block(Ref entry) const noexcept {
  const SlotHeader& h = header(entry);
  Ref block = 0;
  std::memcpy(&block, h.payload() + h.get_meta().key_size(), sizeof block);
  return block;
}

void EntryStore::set_first_block(Ref entry, Ref block) noexcept {
  SlotHeader& h = header(entry);
  std::memcpy(h.payload() + h.get_meta().key_size(), &block, sizeof block);
}

Ref EntryStore::create(std::string_view key, NewValue& value, SlotMeta meta) {
  const Shape shape = Shape::of(key.size(), value.size());
  const SlotMeta block_meta = SlotMeta().with_owner(meta.owner()).as_block();
  // Back to front, so that each block knows the one behind it.
  Ref chain = 0;
  for (std::size_t i = 0; i < shape.blocks; ++i) {
    const Ref block = slab_.allocate(kLargestClass);
    if (block == 0) {
      free_chain(chain);
      return 0;
    }
    SlotHeader& b = header(block);
    b.previous = 0;
    b.next = chain;
    store_meta(b, block_meta);
    if (chain != 0) header(chain).previous = block;
    chain = block;
  }
  const Ref entry = slab_.allocate(shape.head_class);
  if (entry == 0) {
    free_chain(chain);
    return 0;
  }
  SlotHeader& h = header(entry);
  h.previous = h.next = 0;
  store_meta(h, meta.with_key_size(key.size()).with_chained(chain != 0));
  std::memcpy(h.payload(), key.data(), key.size());
  if (chain != 0) {
    set_first_block(entry, chain);
    header(chain).previous = entry;
  }
  if (is_large(value.size())) {
    set_large_value(entry, value.pages.give_up(), value.notes);
  } else {
    write_value(entry, value, shape);
  }
  return entry;
}

bool EntryStore::overwrite(Ref entry, const NewValue& value, SlotMeta meta) noexcept {
  SlotHeader& h = header(entry);
  const std::size_t key_size = h.get_meta().key_size();
  if (value.size() == h.value_size && in_one_slot(h) && !value.pages) {
    store_meta(h, meta.with_key_size(key_size));
    char* out = h.payload() + key_size;
    if (!value.before.empty()) out += value.before.copy(out, value.before.size());
    value.bytes.copy(out, value.bytes.size());
    return true;
  }
  if (is_large(value.size()) || is_large(h.value_size)) return false;
  const Shape shape = Shape::of(key_size, value.size());
  if (!(shape == Shape::of(key_size, h.value_size))) return false;
  store_meta(h, meta.with_key_size(key_size).with_chained(shape.blocks != 0));
  write_value(entry, value, shape);
  return true;
}

void EntryStore::write_value(Ref entry, const NewValue& value, const Shape& shape) noexcept {
  // Copies the value's bytes from `at` on to `out`, at most as many as fit; returns where it
  // stopped.
  const auto copy = [&value](std::size_t at, char* out, std::size_t capacity) {
    const std::size_t end = std::min(value.size(), at + capacity);
    while (at < end) {
      const std::size_t n = value.part(at).copy(out, end - at);
      out += n;
      at += n;
    }
    return at;
  };
  SlotHeader& h = header(entry);
  h.value_size = static_cast<std::uint32_t>(value.size());
  std::size_t at = copy(0, h.payload() + bytes_before_value(h), shape.head_value_bytes);
  Ref block = shape.blocks != 0 ? first_block(entry) : 0;
  while (at < value.size()) {
    SlotHeader& b = header(block);
    at = copy(at, b.payload(), kBlockPayloadBytes);
    block = b.next;
  }
}

void EntryStore::free_chain(Ref first) noexcept {
  while (first != 0) {
    const Ref next = header(first).next;
    slab_.free(first, kLargestClass);
    first = next;
  }
}

PinnedValue EntryStore::destroy(Ref entry) noexcept {
  const SlotHeader& h = header(entry);
  const SlotMeta meta = h.get_meta();
  const Shape shape = Shape::of(meta.key_size(), h.value_size);
  LargeValue* const large = large_value(entry);
  if (large != nullptr) large->detach();
  if (meta.is_chained()) free_chain(first_block(entry));
  slab_.free(entry, shape.head_class);
  return PinnedValue::take_over(large);
}

ValueView EntryStore::value(Ref entry) const noexcept {
  const SlotHeader& h = header(entry);
  const SlotMeta meta = h.get_meta();
  ValueView view;
  view.arena_ = &arena_;
  view.flags_ = meta.user_flags();
  view.expiry_ = meta.expiry();
  view.size_ = h.value_size;
  if (in_one_slot(h)) {
    view.head_ = {h.payload() + meta.key_size(), h.value_size};
    return view;
  }
  const Shape shape = Shape::of(meta.key_size(), h.value_size);
  view.head_ = {h.payload() + bytes_before_value(h), shape.head_value_bytes};
  view.first_block_ = meta.is_chained() ? first_block(entry) : 0;
  view.large_ = large_value(entry);
  return view;
}

Ref EntryStore::move(Ref slot) noexcept {
  const SlotHeader& from = header(slot);
  const SlotMeta meta = from.get_meta();
  const SizeClass size_class =
      meta.is_block() ? kLargestClass : Shape::of(meta.key_size(), from.value_size).head_class;
  const Ref copy = slab_.allocate(size_class);
  if (copy == 0) return 0;
  SlotHeader& to = header(copy);
  to.previous = from.previous;
  to.next = from.next;
  to.touched = from.touched;
  to.value_size = from.value_size;
  store_meta(to, meta);
  std::memcpy(to.payload(), from.payload(), slot_bytes(size_class) - sizeof(SlotHeader));

  if (meta.is_block()) {
    if (to.next != 0) header(to.next).previous = copy;
    if (header(to.previous).get_meta().is_block()) {
      header(to.previous).next = copy;
    } else {
      set_first_block(to.previous, copy);
    }
  } else if (meta.is_chained()) {
    header(first_block(copy)).previous = copy;
  }
  slab_.free(slot, size_class);
  return copy;
}

template <class Sink>
void ValueView::walk_parts(Sink&& sink) const {
  if (large_ == nullptr) {
    sink(head_);
    for_each_part_in_blocks(*arena_, first_block_, skipped_, size_ - head_.size(), sink);
    return;
  }
  for (std::size_t at = skipped_; at < skipped_ + size_;) {
    const std::string_view part = large_->part(at);
    sink(part);
    at += part.size();
  }
}

void ValueView::call_for_each_part(void (*sink)(void*, std::string_view), void* context) const {
  walk_parts([&](std::string_view part) {
    if (!part.empty()) sink(context, part);
  });
}

void ValueView::copy_to(char* out) const noexcept {
  walk_parts([&](std::string_view part) { out += part.copy(out, part.size()); });
}

void ValueView::append_to(std::string& out) const {
  walk_parts([&](std::string_view part) { out.append(part); });
}

void ValueView::remove_prefix(std::size_t bytes) noexcept {
  assert(bytes <= size_);
  const std::size_t in_head = std::min(bytes, head_.size());
  head_.remove_prefix(in_head);
  size_ -= bytes;
  skipped_ += bytes - in_head;
  if (large_ != nullptr) return;
  for (; skipped_ >= kBlockPayloadBytes; skipped_ -= kBlockPayloadBytes) {
    first_block_ = header_at(*arena_, first_block_).next;
  }
}

std::string_view ValueView::front() const noexcept {
  if (large_ != nullptr) return large_->part(skipped_);
  if (!head_.empty() || size_ == 0) return head_;
  return {header_at(*arena_, first_block_).payload() + skipped_,
          std::min(size_, kBlockPayloadBytes - skipped_)};
}

Notes ValueView::notes() const noexcept { return large_ == nullptr ? Notes{} : large_->notes(); }

std::optional<std::chrono::milliseconds> ValueView::ttl() const noexcept {
  if (expiry_ == 0) return std::nullopt;
  // The clock may have gone on since the entry was found to live.
  const std::uint64_t now = state_->now_ms();
  return std::chrono::milliseconds(expiry_ > now ? expiry_ - now : 1);
}

}  // namespace cubby
