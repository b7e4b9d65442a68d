#include "protocol/put_request.hpp"

#include <optional>

#include "protocol/plain_put.hpp"
#include "protocol/stored_entry.hpp"
#include "protocol/ttl.hpp"

namespace cubby::protocol {
namespace {

EntityTag tag_of_text(std::string_view value) { return entity_tag_of(tag_seed_of({}), value); }

}  // namespace

std::unique_ptr<BodyReader> PutRequest::begin(const Context& context, const Request&) {
  return std::make_unique<PutRequest>(context);
}

Error PutRequest::store() {
  if (const Error error = reader_.finish(); error != Error::none) return error;
  PutOptions options;
  options.ttl = context_.ttl.ttl_for(reader_.ttl());
  if (reader_.escaped_value_size() != reader_.value_size()) options.flags = kValueNeedsEscape;
  if (value_.is_in_pages()) {
    options.notes = make_notes(reader_.escaped_value_size(), value_.tag());
    return error_of(context_.cache.put(reader_.key(), value_.pages(), options));
  }
  const std::string_view text = reader_.value_borrowed() ? reader_.borrowed_value() : value_.text();
  if (text.size() > kLargeValueBytes) {
    options.notes = make_notes(reader_.escaped_value_size(), tag_of_text(text));
  }
  return error_of(context_.cache.put(reader_.key(), text, options));
}

std::size_t PutRequest::memory_bytes() const noexcept {
  return sizeof *this + reader_.key().size() + value_.memory_bytes();
}

Error store_put(const Context& context, std::string_view body) {
  if (const auto plain = read_plain_put(body, context.limits)) {
    PutOptions options;
    options.ttl = context.ttl.ttl_for(std::nullopt);
    if (plain->value.size() > kLargeValueBytes) {
      options.notes = make_notes(plain->value.size(), tag_of_text(plain->value));
    }
    return error_of(context.cache.put(plain->key, plain->value, options));
  }
  PutRequest put(context);
  const Error error = put.take(body);
  return error == Error::none ? put.store() : error;
}

}  // namespace cubby::protocol
