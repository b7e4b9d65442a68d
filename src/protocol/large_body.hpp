// The part of a reply that is not worth copying.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <cubby/value.hpp>

namespace cubby::protocol {

// How a value's bytes are written.
enum class Notation : std::uint8_t {
  plain,    // as they are
  escaped,  // as append_escaped() does it
  base64,   // as Base64Encoder does it
};

// A pinned value from `begin` on, and what follows it in the reply. It comes after the reply's
// other bytes, and is the last of a batch.
struct LargeBody {
  PinnedValue value;
  std::size_t begin = 0;
  Notation notation = Notation::plain;
  std::string_view trailer = {};  // outlives everything

  // What the value is sent as, without the trailer.
  std::size_t written_bytes() const noexcept;
};

// A piece of a reply's content: the text, and then the large body, if there is one. Nothing when
// there is no text.
struct ContentPiece {
  std::string text;
  std::optional<LargeBody> large = {};
};

}  // namespace cubby::protocol
