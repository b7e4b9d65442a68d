#include "protocol/value_body.hpp"

#include <optional>

#include "protocol/entries.hpp"
#include "protocol/field_lines.hpp"
#include "protocol/heap_bytes.hpp"
#include "protocol/join.hpp"
#include "protocol/request_conditions.hpp"

namespace cubby::protocol {
namespace {

// Only of a body that says how large it will be is it known whether there is room for the tag.
Front front_of(const Context& context, const Request& request, const Metadata& metadata) {
  Front front(context, metadata);
  if (!request.head.chunked) {
    front.make_room_for_tag(request.operation.key,
                            static_cast<std::size_t>(request.head.content_length));
  }
  return front;
}

// A field that is given once, in a length that can be kept; `text` stays when it is not there.
bool read_once(const Request& request, Field field, std::string_view name, std::string_view& text) {
  if (!request.head.has(field)) return true;
  const auto line = only_line(request.text, name);
  if (!line || line->size() > kMaxMetadataText) return false;
  if (!line->empty()) text = *line;
  return true;
}

}  // namespace

Error read_metadata_of_body(const Request& request, Metadata& metadata) {
  // RFC 9110, section 14.5.
  if (request.head.has(Field::content_range)) return Error::partial_value;
  metadata.content_type = kBytesType;
  if (!read_once(request, Field::content_type, "content-type", metadata.content_type)) {
    return Error::bad_content_type;
  }
  if (!request.head.encoded) return Error::none;
  return read_once(request, Field::content_encoding, "content-encoding", metadata.content_encoding)
             ? Error::none
             : Error::bad_content_encoding;
}

Error NeededEntry::stay(std::size_t value_bytes, std::size_t more) {
  const PreparedKey key = cache_.prepare(key_);
  return check_room(cache_, key, value_bytes, more, cache_.touch(key).value_or(0));
}

std::unique_ptr<BodyReader> ValueBody::begin(const Context& context, const Request& request) {
  Metadata metadata;
  const Error error = read_metadata_of_body(request, metadata);
  if (error != Error::none) metadata = {};
  return std::unique_ptr<BodyReader>(new ValueBody(context, request, metadata, error));
}

ValueBody::ValueBody(const Context& context, const Request& request, const Metadata& metadata,
                     Error error)
    : error_(error),
      front_(front_of(context, request, metadata)),
      value_(context.cache, front_.bytes(), tag_seed_of(metadata)) {
  if (error_ == Error::none) error_ = make_sure_of_room(context, request);
}

// Nothing shall be evicted for what is not going to be stored.
Error ValueBody::make_sure_of_room(const Context& context, const Request& request) {
  const std::string_view key = request.operation.key;
  if (has_conditions(request)) needed_.emplace(context.cache, key);
  const std::size_t size =
      request.head.chunked ? 0 : static_cast<std::size_t>(request.head.content_length);
  return needed_ ? needed_->stay(size, size)
                 : check_room(context.cache, context.cache.prepare(key), size, size, 0);
}

Error ValueBody::take(std::string_view piece) {
  if (error_ != Error::none) return error_;
  if (needed_) {
    const Error error = needed_->stay(value_.value_size() + piece.size(), piece.size());
    if (error != Error::none) return error;
  }
  probe_.take(piece);
  return value_.append(piece);
}

StagedValue& ValueBody::finish() noexcept {
  front_.set_tag(value_.tag());
  value_.before_has_changed();
  return value_;
}

std::unique_ptr<BodyReader> TextBody::begin(const Context& context, const Request& request) {
  Cache& cache = context.cache;
  const PreparedKey key = cache.prepare(request.operation.key);
  const std::optional<std::size_t> old = cache.touch(key);
  Error error = Error::none;
  if (old && !request.head.chunked) {
    const std::size_t size = *old + static_cast<std::size_t>(request.head.content_length);
    if (!can_become(cache, key, size)) {
      error = Error::value_does_not_fit;
    } else if (!cache.has_room(size, *old)) {
      error = Error::no_room;
    }
  }
  return std::unique_ptr<BodyReader>(new TextBody(cache, request.operation.key, error));
}

Error TextBody::take(std::string_view piece) {
  if (error_ != Error::none) return error_;
  const Error error = needed_.stay(text_.size() + piece.size(), piece.size());
  if (error == Error::none) append_in_steps(text_, piece);
  return error;
}

std::size_t TextBody::memory_bytes() const noexcept {
  return sizeof *this + needed_.memory_bytes() + heap_bytes(text_);
}

}  // namespace cubby::protocol
