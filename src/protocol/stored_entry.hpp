// How an entry lies in the cache: what its flags and notes mean, and what is in front of its value.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <cubby/cache.hpp>

#include "protocol/entity_tag.hpp"
#include "protocol/error.hpp"
#include "protocol/large_body.hpp"
#include "protocol/metadata.hpp"
#include "protocol/text_probe.hpp"

namespace cubby::protocol {

// An entry's flags. The value cannot be put into a JSON string as it is.
inline constexpr std::uint8_t kValueNeedsEscape = 1;
// StoredMetadata lies in front of the value. An entry that was put without has none.
inline constexpr std::uint8_t kHasMetadata = 2;
// The value is not UTF-8, or is encoded, so that it cannot be put into a JSON string at all.
inline constexpr std::uint8_t kValueNotText = 4;

// What is noted with a large value, because to find it out would take long.
inline Notes make_notes(std::uint64_t escaped_size, EntityTag tag) noexcept {
  return {escaped_size, tag.value};
}
inline std::size_t escaped_size_of(const Notes& notes) noexcept {
  return static_cast<std::size_t>(notes[0]);
}
inline EntityTag tag_of(const Notes& notes) noexcept { return {notes[1]}; }

// An entry as get() and update() show it, taken apart. Valid as long as what it was made of.
struct StoredEntry {
  explicit StoredEntry(const ValueView& stored) noexcept : value(stored) {
    if ((stored.flags() & kHasMetadata) != 0) take_metadata_off();
  }

  ValueView value;  // without what is in front of it
  Metadata metadata;
  std::size_t front_bytes = 0;  // what is in front

  std::uint64_t tag_seed() const noexcept { return tag_seed_of(metadata); }
  // What need not be made: it is kept in front of the value, or noted with a large one.
  std::optional<EntityTag> known_tag() const noexcept;
  // Reads all of the value, unless it is known.
  EntityTag tag() const;

  // The value as JSON has it, if it is large; otherwise a body that has none.
  LargeBody pin_for_json() const noexcept;

 private:
  void take_metadata_off() noexcept;

  std::optional<EntityTag> kept_tag_;
};

// The flags of a value that has been looked at.
std::uint8_t flags_of(const TextProbe& probe, bool has_metadata, bool is_encoded) noexcept;

// value_does_not_fit, no_room or none.
Error error_of(PutOutcome outcome) noexcept;
Error error_of(UpdateOutcome outcome) noexcept;
Error error_of(ValueWriter::Outcome outcome) noexcept;

}  // namespace cubby::protocol
