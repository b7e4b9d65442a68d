#include "protocol/batch_reply.hpp"

#include <array>
#include <utility>

#include "protocol/base64.hpp"
#include "protocol/entries.hpp"
#include "protocol/heap_bytes.hpp"
#include "protocol/json_escape.hpp"
#include "protocol/json_object.hpp"
#include "protocol/problem.hpp"
#include "protocol/stored_entry.hpp"
#include "protocol/utf8.hpp"

namespace cubby::protocol {
namespace {

// What one byte may become when it is escaped.
constexpr std::size_t kMostEscapeBytes = 6;

void append_tag(std::string& output, EntityTag tag) {
  std::array<char, kEntityTagBytes> text;
  put_entity_tag(text.data(), tag);
  output.append(R"("etag":")");
  append_escaped(output, {text.data(), text.size()});
  output.append("\"");
}

// A field's value may have bytes that are not UTF-8, which were Latin-1 once (RFC 9110, section
// 5.5).
void append_field_value(std::string& output, std::string_view value) {
  if (count_code_points(value)) return append_escaped(output, value);
  for (const char c : value) {
    std::array<char, kMaxUtf8Bytes> character;
    const std::size_t size = encode_utf8(static_cast<unsigned char>(c), character.data());
    append_escaped(output, {character.data(), size});
  }
}

}  // namespace

void CopiedEntry::take(const ValueView& stored) {
  const StoredEntry entry(stored);
  flags_ = stored.flags();
  ttl_ = entry.value.ttl();
  age_ = age_of(context_, entry.metadata);
  content_type_ = entry.metadata.content_type;
  content_encoding_ = entry.metadata.content_encoding;
  tag_seed_ = entry.tag_seed();
  value_.clear();
  large_ = entry.pin_for_json();
  has_room_ = fits(entry);
  tag_ = has_room_ ? entry.known_tag() : entry.tag();
  if (!has_room_) {
    let_go();
  } else if (!is_large()) {
    entry.value.append_to(value_);
  }
}

// To look for what must be escaped takes long, and is seldom necessary.
bool CopiedEntry::fits(const StoredEntry& entry) const {
  if (is_large()) return large_.written_bytes() <= room_;
  const std::size_t size = entry.value.size();
  if (!is_text()) return base64_size(size) <= room_;
  if ((flags_ & kValueNeedsEscape) == 0 || size > room_) return size <= room_;
  if (size <= room_ / kMostEscapeBytes) return true;
  std::size_t escaped = 0;
  entry.value.for_each_part([&](std::string_view part) { escaped += escaped_size(part); });
  return escaped <= room_;
}

EntityTag CopiedEntry::tag() {
  if (!tag_) tag_ = entity_tag_of(tag_seed_, value_);
  return *tag_;
}

void CopiedEntry::append_rest(std::string& output, std::optional<std::chrono::milliseconds> ttl) {
  output.append(R"(","content_type":")");
  append_field_value(output, content_type_);
  if (!content_encoding_.empty()) {
    output.append(R"(","content_encoding":")");
    append_field_value(output, content_encoding_);
  }
  output.append("\",");
  append_tag(output, tag());
  if (age_) output.append(R"(,"age":)").append(std::to_string(age_->count()));
  const auto left = ttl ? ttl : ttl_;
  output.append(R"(,"ttl":)").append(left ? json_seconds(*left) : "null").append("}");
}

bool CopiedEntry::is_text() const noexcept { return (flags_ & kValueNotText) == 0; }

void CopiedEntry::append_name(std::string& output) const {
  output.append(is_text() ? R"("value":")" : R"("value_base64":")");
}

std::size_t CopiedEntry::append_value(std::string& output) {
  const std::size_t begin = output.size();
  if (is_text()) {
    for_each_part([&output](std::string_view part) { append_escaped(output, part); });
  } else {
    Base64Encoder encoder;
    for_each_part([&](std::string_view part) { encoder.take(output, part); });
    encoder.finish(output);
  }
  let_go();
  return output.size() - begin;
}

template <class Use>
void CopiedEntry::for_each_part(Use&& use) const {
  if (!is_large()) return use(std::string_view(value_));
  for (std::size_t at = large_.begin; at < large_.value.size();) {
    const std::string_view part = large_.value.part(at);
    use(part);
    at += part.size();
  }
}

std::size_t CopiedEntry::memory_bytes() const noexcept {
  return heap_bytes(content_type_) + heap_bytes(content_encoding_) + heap_bytes(value_);
}

std::string& BatchReply::begin_result() {
  text_ += std::exchange(is_empty_, false) ? "{" : ",{";
  return text_;
}

void BatchReply::add_error(Error error, const Limits& limits) {
  append_problem_members(begin_result(), error, limits);
  text_ += '}';
}

void BatchReply::add_status(unsigned status) {
  begin_result().append(R"("status":)").append(std::to_string(status)).append("}");
}

void BatchReply::add_tag(unsigned status, EntityTag tag) {
  begin_result().append(R"("status":)").append(std::to_string(status)).append(",");
  append_tag(text_, tag);
  text_ += '}';
}

void BatchReply::add_sum(std::int64_t value, EntityTag tag) {
  begin_result().append(R"("status":200,"value":)").append(std::to_string(value)).append(",");
  append_tag(text_, tag);
  text_ += '}';
}

void BatchReply::add_entry(CopiedEntry& entry, std::optional<std::chrono::milliseconds> ttl) {
  entry.append_name(begin_result().append(R"("status":200,)"));
  if (in_pieces_ && entry.is_large()) {
    large_ = entry.take_large();
    room_ -= large_->written_bytes();
    return entry.append_rest(behind_large_, ttl);
  }
  room_ -= entry.append_value(text_);
  entry.append_rest(text_, ttl);
}

ContentPiece BatchReply::take() noexcept {
  return {.text = std::exchange(text_, std::exchange(behind_large_, {})),
          .large = std::exchange(large_, {})};
}

void BatchReply::finish() {
  text_ += ']';
  is_finished_ = true;
}

std::size_t BatchReply::memory_bytes() const noexcept {
  return heap_bytes(text_) + heap_bytes(behind_large_);
}

}  // namespace cubby::protocol
