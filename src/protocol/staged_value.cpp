#include "protocol/staged_value.hpp"

#include "protocol/heap_bytes.hpp"
#include "protocol/stored_entry.hpp"

namespace cubby::protocol {

Error StagedValue::append(std::string_view piece) {
  if (!hasher_) {
    if (piece.size() <= kCollectedBytes - text_.size()) {
      text_ += piece;
      return Error::none;
    }
    if (const Error error = error_of(pages_.append(before_)); error != Error::none) return error;
    hasher_.emplace(tag_seed_);
    hasher_->take(text_);
    const Error error = error_of(pages_.append(text_));
    give_back(text_);
    if (error != Error::none) return error;
  }
  hasher_->take(piece);
  return error_of(pages_.append(piece));
}

std::size_t StagedValue::memory_bytes() const noexcept {
  return heap_bytes(text_) + (hasher_ ? EntityTagHasher::memory_bytes() : 0);
}

}  // namespace cubby::protocol
