#include "core/large_value.hpp"

#include <algorithm>

namespace cubby {

LargeValue::~LargeValue() {
  const std::size_t charged = charge();
  state_.arena.release_pages(pages_);
  state_.detached_bytes.fetch_sub(charged, std::memory_order_relaxed);
  state_.budget.refund(charged);
  state_.large_values.fetch_sub(1, std::memory_order_relaxed);
}

char* LargeValue::page(std::size_t i) const noexcept {
  return reinterpret_cast<char*>(state_.arena.at(Arena::first_ref(pages_[i])));
}

bool LargeValue::add_page() {
  if (pages_.size() == pages_.capacity()) pages_.reserve(2 * pages_.size() + 8);
  const PageNumber page = state_.arena.acquire_page();
  if (page == 0) return false;
  pages_.push_back(page);
  if (!state_.custom_charge) {
    state_.detached_bytes.fetch_add(kPageCharge, std::memory_order_relaxed);
  }
  return true;
}

std::size_t LargeValue::append(std::string_view bytes) noexcept {
  std::size_t written = 0;
  while (written < bytes.size() && room() != 0) {
    const std::size_t at = size_ % kPageBytes;
    const std::size_t n = bytes.copy(page(size_ / kPageBytes) + at, kPageBytes - at, written);
    written += n;
    size_ += n;
  }
  return written;
}

void LargeValue::overwrite_front(std::string_view bytes) noexcept {
  bytes.copy(page(0), bytes.size());
}

std::string_view LargeValue::part(std::size_t offset) const noexcept {
  if (offset >= size_) return {};
  const std::size_t at = offset % kPageBytes;
  return {page(offset / kPageBytes) + at, std::min(kPageBytes - at, size_ - offset)};
}

void LargeValue::attach(const Notes& notes) noexcept {
  notes_ = notes;
  attached_.store(true, std::memory_order_relaxed);
  state_.detached_bytes.fetch_sub(charge(), std::memory_order_relaxed);
}

void LargeValue::detach() noexcept {
  attached_.store(false, std::memory_order_relaxed);
  state_.detached_bytes.fetch_add(charge(), std::memory_order_relaxed);
}

PinnedValue::PinnedValue(LargeValue* value) noexcept : value_(value) {
  if (value_ != nullptr) value_->owners_.fetch_add(1, std::memory_order_relaxed);
}

PinnedValue::~PinnedValue() {
  // Whoever frees the value must see all that the others did with it.
  if (value_ != nullptr && value_->owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    delete value_;
  }
}

std::size_t PinnedValue::size() const noexcept { return value_ == nullptr ? 0 : value_->size(); }
Notes PinnedValue::notes() const noexcept { return value_ == nullptr ? Notes{} : value_->notes(); }

bool PinnedValue::detached() const noexcept { return value_ != nullptr && !value_->attached(); }

std::string_view PinnedValue::part(std::size_t offset) const noexcept {
  return value_ == nullptr ? std::string_view() : value_->part(offset);
}

LargeValue* PinnedValue::give_up() noexcept { return std::exchange(value_, nullptr); }

PinnedValue PinnedValue::take_over(LargeValue* value) noexcept {
  PinnedValue owner;
  owner.value_ = value;
  return owner;
}

ReleasedValues::~ReleasedValues() {
  while (first_ != nullptr) {
    LargeValue* const next = first_->next_released_;
    PinnedValue::take_over(std::exchange(first_, next));
  }
}

void ReleasedValues::add(PinnedValue&& value) noexcept {
  LargeValue* const released = value.give_up();
  if (released == nullptr) return;
  released->next_released_ = first_;
  first_ = released;
}

}  // namespace cubby
