// The ETag field of a reply.

#pragma once

#include <array>
#include <string_view>

#include "protocol/entity_tag.hpp"
#include "protocol/put_text.hpp"

namespace cubby::protocol {

// With its line end, as Reply takes fields.
class TagField {
 public:
  explicit TagField(EntityTag tag) noexcept {
    put_text(put_entity_tag(put_text(text_.data(), kName), tag), kLineEnd);
  }
  std::string_view text() const noexcept { return {text_.data(), text_.size()}; }

 private:
  static constexpr std::string_view kName = "ETag: ";

  std::array<char, kName.size() + kEntityTagBytes + kLineEnd.size()> text_;
};

}  // namespace cubby::protocol
