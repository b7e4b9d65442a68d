#include "protocol/value_body.hpp"

#include <optional>

#include "protocol/field_lines.hpp"
#include "protocol/heap_bytes.hpp"
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

// What nothing shall be evicted for in vain: a value that has no room, and one that would take the
// room of the entry that it depends on. value_does_not_fit, no_room or none.
Error make_sure_of_room(const Context& context, const Request& request) {
  const PreparedKey key = context.cache.prepare(request.operation.key);
  std::size_t beside = 0;
  if (has_conditions(request)) beside = context.cache.touch(key).value_or(0);
  if (request.head.chunked) return Error::none;
  const auto size = static_cast<std::size_t>(request.head.content_length);
  if (!context.cache.fits(key, size, beside)) return Error::value_does_not_fit;
  return context.cache.has_room(size) ? Error::none : Error::no_room;
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

std::unique_ptr<BodyReader> ValueBody::begin(const Context& context, const Request& request) {
  Metadata metadata;
  Error error = read_metadata_of_body(request, metadata);
  if (error == Error::none) {
    error = make_sure_of_room(context, request);
  } else {
    metadata = {};
  }
  return std::unique_ptr<BodyReader>(new ValueBody(context, request, metadata, error));
}

ValueBody::ValueBody(const Context& context, const Request& request, const Metadata& metadata,
                     Error error)
    : error_(error),
      front_(front_of(context, request, metadata)),
      value_(context.cache, front_.bytes(), tag_seed_of(metadata)) {}

Error ValueBody::take(std::string_view piece) {
  if (error_ != Error::none) return error_;
  probe_.take(piece);
  return value_.append(piece);
}

StagedValue& ValueBody::finish() noexcept {
  front_.set_tag(value_.tag());
  value_.before_has_changed();
  return value_;
}

std::unique_ptr<BodyReader> TextBody::begin(const Context& context, const Request& request) {
  context.cache.touch(context.cache.prepare(request.operation.key));
  return std::make_unique<TextBody>();
}

Error TextBody::take(std::string_view piece) {
  append_in_steps(text_, piece);
  return Error::none;
}

std::size_t TextBody::memory_bytes() const noexcept { return sizeof *this + heap_bytes(text_); }

}  // namespace cubby::protocol
