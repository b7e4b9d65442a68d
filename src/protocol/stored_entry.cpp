#include "protocol/stored_entry.hpp"

namespace cubby::protocol {

static_assert(StoredMetadata::kMaxBytes <= kFrontBytes, "it must lie in one piece");

void StoredEntry::take_metadata_off() noexcept {
  const ReadMetadata read = read_metadata(value.front());
  metadata = read.metadata;
  kept_tag_ = read.tag;
  front_bytes = read.size;
  value.remove_prefix(front_bytes);
}

std::optional<EntityTag> StoredEntry::known_tag() const noexcept {
  if (kept_tag_) return kept_tag_;
  return value.is_large() ? std::optional(tag_of(value.notes())) : std::nullopt;
}

EntityTag StoredEntry::tag() const {
  if (const auto known = known_tag()) return *known;
  const std::string_view front = value.front();
  if (front.size() == value.size()) return entity_tag_of(tag_seed(), front);
  EntityTagHasher hasher(tag_seed());
  value.for_each_part([&hasher](std::string_view part) { hasher.take(part); });
  return hasher.tag();
}

LargeBody StoredEntry::pin_for_json() const noexcept {
  const std::uint8_t flags = value.flags();
  const Notation notation = (flags & kValueNotText) != 0       ? Notation::base64
                            : (flags & kValueNeedsEscape) != 0 ? Notation::escaped
                                                               : Notation::plain;
  return {.value = value.pin(), .begin = front_bytes, .notation = notation};
}

std::uint8_t flags_of(const TextProbe& probe, bool has_metadata, bool is_encoded) noexcept {
  const std::uint8_t flags = has_metadata ? kHasMetadata : 0;
  if (is_encoded || !probe.is_text()) return flags | kValueNotText;
  return probe.escape_bytes() > 0 ? flags | kValueNeedsEscape : flags;
}

Error error_of(PutOutcome outcome) noexcept {
  switch (outcome) {
    case PutOutcome::inserted:
    case PutOutcome::replaced:
      break;
    case PutOutcome::too_large:
      return Error::value_does_not_fit;
    case PutOutcome::no_room:
      return Error::no_room;
  }
  return Error::none;
}

Error error_of(UpdateOutcome outcome) noexcept {
  switch (outcome) {
    case UpdateOutcome::too_large:
      return Error::value_does_not_fit;
    case UpdateOutcome::no_room:
      return Error::no_room;
    default:
      return Error::none;
  }
}

Error error_of(ValueWriter::Outcome outcome) noexcept {
  switch (outcome) {
    case ValueWriter::Outcome::appended:
      break;
    case ValueWriter::Outcome::too_large:
      return Error::value_does_not_fit;
    case ValueWriter::Outcome::no_room:
      return Error::no_room;
  }
  return Error::none;
}

}  // namespace cubby::protocol
