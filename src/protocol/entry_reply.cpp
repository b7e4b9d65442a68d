#include "protocol/entry_reply.hpp"

#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "protocol/entries.hpp"
#include "protocol/put_text.hpp"
#include "protocol/stored_entry.hpp"
#include "protocol/tag_field.hpp"

namespace cubby::protocol {
namespace {

// Comes first, so that the tag can be written at kTagAt when it is known.
constexpr std::string_view kTagField = "ETag: \"----------------\"\r\n";
constexpr std::size_t kTagAt = kTagField.find('"');
static_assert(kTagField.size() == kTagAt + kEntityTagBytes + kLineEnd.size());

char* put_number(char* out, std::chrono::seconds seconds) noexcept {
  return std::to_chars(out, out + 20, seconds.count()).ptr;
}

}  // namespace

void send_number(Reply& reply, std::int64_t number, EntityTag tag) {
  std::array<char, 24> digits;
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  reply.send(200, kPlainTextType, {digits.data(), static_cast<std::size_t>(end - digits.data())},
             TagField(tag).text());
}

void EntryReply::take(const ValueView& stored) {
  if (std::exchange(taken_, true)) reply_.undo();
  const StoredEntry entry(stored);
  tag_seed_ = entry.tag_seed();
  write_fields(entry);
  const std::string_view fields(fields_.data(), fields_size_);
  const std::size_t size = entry.value.size();
  PinnedValue large = stored.pin();
  tag_ = entry.known_tag();
  if (large) {
    reply_.begin(200, entry.metadata.content_type, size, fields);
    reply_.set_large({.value = std::move(large), .begin = entry.front_bytes, .trailer = {}});
  } else if (size <= kInPlaceBytes) {
    entry.value.copy_to(reply_.begin_in_place(200, entry.metadata.content_type, size, fields));
  } else {
    reply_.begin(200, entry.metadata.content_type, size, fields);
    entry.value.append_to(reply_.output());
  }
}

void EntryReply::write_fields(const StoredEntry& entry) noexcept {
  char* out = put_text(fields_.data(), kTagField);
  if (const auto age = age_of(context_, entry.metadata)) {
    out = put_text(put_number(put_text(out, "Age: "), *age), kLineEnd);
  }
  const auto ttl = new_ttl_ ? new_ttl_ : entry.value.ttl();
  if (ttl && ttl->count() > 0) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(*ttl);
    out = put_text(put_number(put_text(out, "Cache-Control: max-age="), seconds), kLineEnd);
  }
  not_modified_size_ = static_cast<std::size_t>(out - fields_.data());
  if (const std::string_view encoding = entry.metadata.content_encoding; !encoding.empty()) {
    out = put_text(put_text(put_text(out, "Content-Encoding: "), encoding), kLineEnd);
  }
  fields_size_ = static_cast<std::size_t>(out - fields_.data());
}

EntityTag EntryReply::tag() noexcept {
  if (!tag_) tag_ = entity_tag_of(tag_seed_, reply_.body());
  return *tag_;
}

void EntryReply::send() noexcept {
  put_entity_tag(reply_.fields() + kTagAt, tag());
  reply_.end();
}

void EntryReply::send_not_modified() {
  put_entity_tag(fields_.data() + kTagAt, tag());
  reply_.undo();
  reply_.send_head(304, {fields_.data(), not_modified_size_});
}

}  // namespace cubby::protocol
