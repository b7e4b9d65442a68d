#include "protocol/service.hpp"

#include <optional>
#include <string>
#include <utility>

#include <cubby/cache.hpp>

#include "protocol/cors.hpp"
#include "protocol/json_escape.hpp"
#include "protocol/openapi.hpp"
#include "protocol/put_request.hpp"
#include "protocol/put_text.hpp"
#include "protocol/request.hpp"
#include "protocol/route.hpp"
#include "protocol/stored_entry.hpp"

namespace cubby::protocol {
namespace {

constexpr std::string_view kBeforeKey = R"({"status":"OK","key":")";
constexpr std::string_view kBeforeValue = R"(","value":")";
constexpr std::string_view kAfterValue = R"("})";
constexpr std::string_view kStored =
    R"({"status":"OK","message":"Key inserted/updated successfully."})";

// Writes everything that comes before the value, which takes `value_size` bytes in the body.
void begin_value(Reply& reply, std::string_view key, std::size_t value_size) {
  reply.begin(200, kJsonType,
              kBeforeKey.size() + escaped_size(key) + kBeforeValue.size() + value_size +
                  kAfterValue.size());
  reply.output().append(kBeforeKey);
  append_escaped(reply.output(), key);
  reply.output().append(kBeforeValue);
}

void end_value(Reply& reply) {
  reply.output().append(kAfterValue);
  reply.end();
}

// `key` needs no escaping, and the value is to be sent as it is.
void send_in_place(Reply& reply, std::string_view key, const ValueView& value) {
  const std::size_t size =
      kBeforeKey.size() + key.size() + kBeforeValue.size() + value.size() + kAfterValue.size();
  char* out = reply.begin_in_place(200, kJsonType, size);
  out = put_text(put_text(put_text(out, kBeforeKey), key), kBeforeValue);
  value.copy_to(out);
  put_text(out + value.size(), kAfterValue);
  reply.end();
}

// Values that are escaped are cut out of the cache first, so that their shard is not locked for it.
void send_escaped(Reply& reply, std::string_view key, std::string_view value) {
  begin_value(reply, key, escaped_size(value));
  append_escaped(reply.output(), value);
  end_value(reply);
}

void send_large(Reply& reply, std::string_view key, LargeBody large) {
  begin_value(reply, key, large.written_bytes());
  large.trailer = kAfterValue;
  reply.set_large(std::move(large));
  reply.end();
}

}  // namespace

Error get_value(const Call& call, Reply& reply) {
  const std::string_view key = call.request.key.key();
  const bool is_plain_key = !needs_escape(key);
  std::optional<std::string> to_escape;
  LargeBody large;
  std::uint8_t flags = 0;
  const bool found = call.context.cache.get(call.request.key, [&](const ValueView& stored) {
    flags = stored.flags();
    if ((flags & kValueNotText) != 0) return;
    const StoredEntry entry(stored);
    const ValueView& value = entry.value;
    const bool escape = (flags & kValueNeedsEscape) != 0;
    if (!escape && is_plain_key && value.size() <= kInPlaceBytes) {
      return send_in_place(reply, key, value);
    }
    large = entry.pin_for_json();
    if (large.value) return;
    if (escape) {
      value.append_to(to_escape.emplace());
      return;
    }
    begin_value(reply, key, value.size());
    value.append_to(reply.output());
    end_value(reply);
  });
  if (!found) return Error::key_not_found;
  if ((flags & kValueNotText) != 0) return Error::not_text;
  if (to_escape) send_escaped(reply, key, *to_escape);
  if (large.value) send_large(reply, key, std::move(large));
  return Error::none;
}

Error put_value(const Call& call, Reply& reply) {
  const Error error = call.reader != nullptr ? static_cast<PutRequest&>(*call.reader).store()
                                             : store_put(call.context, call.body);
  if (error != Error::none) return error;
  reply.send(200, kJsonType, kStored);
  return Error::none;
}

Error report_health(const Call&, Reply& reply) {
  reply.send(200, kTextType, "OK\n");
  return Error::none;
}

Error show_openapi(const Call&, Reply& reply) {
  reply.send(200, kYamlType, openapi_text());
  return Error::none;
}

Error report_options(const Call& call, Reply& reply) {
  const std::string methods = allowed_methods(call.request.operation.path);
  const Cors* const cors = call.context.cors;
  if (cors != nullptr && cors->is_preflight(call.request)) {
    reply.send_head(204, Cors::preflight_fields(methods));
  } else {
    reply.send(200, {}, {}, "Allow: " + methods + "\r\n");
  }
  return Error::none;
}

}  // namespace cubby::protocol
