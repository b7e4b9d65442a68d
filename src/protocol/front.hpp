// What is stored in front of a value.

#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "protocol/context.hpp"
#include "protocol/entity_tag.hpp"
#include "protocol/metadata.hpp"
#include "protocol/stored_entry.hpp"

namespace cubby::protocol {

// The metadata, and the value's tag where the memory of the entry has room for it anyway, because
// memory comes in steps. It need not be made again then. One that is made quickly, and one that is
// noted with a large value, has no room here.
class Front {
 public:
  // Of a value that arrives now.
  Front(const Context& context, const Metadata& metadata);

  // Of a value that takes the place of an entry's: nothing where there is nothing in front of that,
  // because /put has stored it.
  Front(const Context& context, const StoredEntry& entry);

  // Makes room for the tag, if there is. Then set_tag() must follow before the value is stored.
  void make_room_for_tag(std::string_view key, std::size_t value_bytes) noexcept;
  void set_tag(EntityTag tag) noexcept;

  std::string_view bytes() const noexcept {
    return stored_ ? stored_->bytes() : std::string_view();
  }

 private:
  std::optional<StoredMetadata> stored_;
};

}  // namespace cubby::protocol
