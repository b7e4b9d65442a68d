// A value on its way in.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <cubby/cache.hpp>

#include "protocol/entity_tag.hpp"
#include "protocol/error.hpp"

namespace cubby::protocol {

// A value up to this size is collected in a text of its own.
inline constexpr std::size_t kCollectedBytes = std::size_t{32} << 10;

// Takes a value in pieces and keeps it where it can be put from: little in a text of its own, more
// in the cache's memory, charged to its budget.
class StagedValue {
 public:
  // `before` is what goes in front of the value in the cache, and must stay; `tag_seed` is for the
  // value's tag.
  StagedValue(Cache& cache, std::string_view before, std::uint64_t tag_seed)
      : before_(before), tag_seed_(tag_seed), pages_(cache) {}

  // Errors: value_does_not_fit, as soon as that is certain; no_room.
  Error append(std::string_view piece);

  // The value is in pages(), with what goes before it; otherwise it is text().
  bool is_in_pages() const noexcept { return pages_.size() != 0; }
  std::string_view text() const noexcept { return text_; }
  ValueWriter& pages() noexcept { return pages_; }

  // Of the value itself, in bytes.
  std::size_t value_size() const noexcept {
    return is_in_pages() ? pages_.size() - before_.size() : text_.size();
  }

  // What goes in front of the value has changed, but for its size.
  void before_has_changed() noexcept {
    if (is_in_pages()) pages_.overwrite_front(before_);
  }

  // Of the value so far.
  EntityTag tag() const noexcept {
    return hasher_ ? hasher_->tag() : entity_tag_of(tag_seed_, text_);
  }

  // Memory of its own, beyond the object, and in the cache; in bytes.
  std::size_t memory_bytes() const noexcept;
  std::size_t staged_bytes() const noexcept { return pages_.memory_bytes(); }

 private:
  std::string_view before_;
  std::uint64_t tag_seed_;
  std::string text_;
  ValueWriter pages_;
  std::optional<EntityTagHasher> hasher_;  // of what is in the pages
};

}  // namespace cubby::protocol
