#include "core/cleared_list.hpp"

namespace cubby {

void ClearedList::add(Ref first, Ref last, std::size_t size) noexcept {
  store_.header(first).previous = 0;
  store_.header(last).next = first_;
  if (first_ != 0) store_.header(first_).previous = last;
  first_ = first;
  size_ += size;
}

void ClearedList::take_out(Ref entry) noexcept {
  const SlotHeader& h = store_.header(entry);
  (h.previous != 0 ? store_.header(h.previous).next : first_) = h.next;
  if (h.next != 0) store_.header(h.next).previous = h.previous;
  --size_;
}

void ClearedList::follow(Ref to) noexcept {
  const SlotHeader& h = store_.header(to);
  (h.previous != 0 ? store_.header(h.previous).next : first_) = to;
  if (h.next != 0) store_.header(h.next).previous = to;
}

}  // namespace cubby
