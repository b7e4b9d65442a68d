#include "protocol/put_request.hpp"

#include <optional>

#include "protocol/heap_bytes.hpp"
#include "protocol/plain_put.hpp"
#include "protocol/service.hpp"
#include "protocol/ttl.hpp"

namespace cubby::protocol {
namespace {

Error error_of(PutOutcome outcome) {
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

}  // namespace

std::unique_ptr<BodyReader> PutRequest::begin(const Context& context, const Request&) {
  return std::make_unique<PutRequest>(context);
}

Error PutRequest::append(std::string_view piece) {
  if (pages_.size() == 0 && piece.size() <= kCollectedBytes - text_.size()) {
    text_ += piece;
    return Error::none;
  }
  if (!text_.empty()) {
    const Error error = append_to_pages(text_);
    give_back(text_);
    if (error != Error::none) return error;
  }
  return append_to_pages(piece);
}

Error PutRequest::append_to_pages(std::string_view piece) {
  switch (pages_.append(piece)) {
    case ValueWriter::Outcome::appended:
      break;
    case ValueWriter::Outcome::too_large:
      return Error::value_does_not_fit;
    case ValueWriter::Outcome::no_room:
      return Error::no_room;
  }
  return Error::none;
}

Error PutRequest::store() {
  if (const Error error = reader_.finish(); error != Error::none) return error;
  PutOptions options;
  options.ttl = context_.ttl.ttl_for(reader_.ttl());
  if (reader_.escaped_value_size() != reader_.value_size()) {
    options.flags = kValueNeedsEscape;
    options.notes[0] = reader_.escaped_value_size();
  }
  const std::string_view text = reader_.value_borrowed() ? reader_.borrowed_value() : text_;
  return error_of(pages_.size() != 0 ? context_.cache.put(reader_.key(), pages_, options)
                                     : context_.cache.put(reader_.key(), text, options));
}

std::size_t PutRequest::memory_bytes() const noexcept {
  return sizeof *this + reader_.key().size() + heap_bytes(text_);
}

Error store_put(const Context& context, std::string_view body) {
  if (const auto plain = read_plain_put(body, context.limits)) {
    PutOptions options;
    options.ttl = context.ttl.ttl_for(std::nullopt);
    return error_of(context.cache.put(plain->key, plain->value, options));
  }
  PutRequest put(context);
  const Error error = put.take(body);
  return error == Error::none ? put.store() : error;
}

}  // namespace cubby::protocol
