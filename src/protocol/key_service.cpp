#include "protocol/key_service.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <cubby/cache.hpp>

#include "protocol/ascii.hpp"
#include "protocol/entries.hpp"
#include "protocol/entry_reply.hpp"
#include "protocol/field_lines.hpp"
#include "protocol/join.hpp"
#include "protocol/request.hpp"
#include "protocol/request_conditions.hpp"
#include "protocol/tag_field.hpp"
#include "protocol/ttl.hpp"
#include "protocol/value_body.hpp"

namespace cubby::protocol {
namespace {

using Ttl = std::optional<std::chrono::milliseconds>;

// delta-seconds (RFC 9111, section 1.2.2), which may be quoted. What is too large to live so long
// means as long as possible. Nothing for 0: browsers send that by themselves.
Ttl ttl_of_max_age(std::string_view text) {
  if (text.size() > 1 && text.starts_with('"') && text.ends_with('"')) {
    text = text.substr(1, text.size() - 2);
  }
  const bool is_number = !text.empty() && std::all_of(text.begin(), text.end(),
                                                      [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) return std::nullopt;
  auto seconds = static_cast<std::uint64_t>(kMaxTtl.count());
  std::uint64_t given = 0;
  const auto problem = std::from_chars(text.data(), text.data() + text.size(), given).ec;
  if (problem == std::errc{}) seconds = std::min(seconds, given);
  if (seconds == 0) return std::nullopt;
  return std::chrono::seconds(seconds);
}

Ttl ttl_of_cache_control(std::string_view head) {
  constexpr std::string_view kMaxAge = "max-age=";
  Ttl ttl;
  for_each_line(head, "cache-control", [&](std::string_view list) {
    while (!list.empty() && !ttl) {
      const std::string_view directive = take_list_element(list);
      if (!equals_lower(directive.substr(0, kMaxAge.size()), kMaxAge)) continue;
      ttl = ttl_of_max_age(directive.substr(kMaxAge.size()));
    }
    return !ttl;
  });
  return ttl;
}

Ttl asked_ttl(const Request& request) {
  const Ttl& given = request.operation.parameters.ttl;
  return given || !request.head.has(Field::cache_control) ? given
                                                          : ttl_of_cache_control(request.text);
}

template <class MakeChange>
Error send_and_change(const Call& call, Reply& reply, Ttl new_ttl, bool may_be_not_modified,
                      MakeChange&& make_change) {
  Conditions conditions;
  const Error error = read_conditions(call.request, conditions);
  if (error != Error::none) return error;
  EntryReply shown(call.context, reply, new_ttl);
  const Ruling ruling = show_and_change(call.context, call.request.key, conditions,
                                        may_be_not_modified, shown, make_change);
  if (ruling.error != Error::none) {
    reply.undo();
  } else if (ruling.is_modified) {
    shown.send();
  } else {
    shown.send_not_modified();
  }
  return ruling.error;
}

Error join(const Call& call, Reply& reply, End end) {
  Conditions conditions;
  if (const Error error = read_conditions(call.request, conditions); error != Error::none) {
    return error;
  }
  auto* const body = static_cast<TextBody*>(call.reader);
  const Addition addition{.key = call.request.key,
                          .conditions = conditions,
                          .end = end,
                          .bytes = body != nullptr ? body->text() : call.body};
  if (const auto joined = join_small(call.context, addition)) return send_joined(reply, *joined);
  call.work = std::make_unique<LargeJoin>(
      call.context, addition, body != nullptr ? body->take_text() : std::string(addition.bytes));
  return Error::none;
}

}  // namespace

Error get_entry(const Call& call, Reply& reply) {
  const Ttl ttl = call.request.operation.parameters.ttl;
  if (!ttl && !has_conditions(call.request)) {
    EntryReply shown(call.context, reply);
    const bool found = call.context.cache.get(
        call.request.key, [&shown](const ValueView& value) { shown.take(value); });
    if (!found) return Error::key_not_found;
    shown.send();
    return Error::none;
  }
  const Ttl new_ttl = ttl ? Ttl(call.context.ttl.ttl_for(ttl)) : std::nullopt;
  return send_and_change(call, reply, new_ttl, true, [&new_ttl] {
    return Change{.kind = Change::Kind::set_ttl, .ttl = new_ttl};
  });
}

Error take_entry(const Call& call, Reply& reply) {
  return send_and_change(call, reply, {}, false,
                         [] { return Change{.kind = Change::Kind::erase}; });
}

Error put_entry(const Call& call, Reply& reply) {
  NewEntry entry;
  Conditions conditions;
  Error error = read_metadata_of_body(call.request, entry.metadata);
  if (error == Error::none) error = read_conditions(call.request, conditions);
  if (error != Error::none) return error;
  entry.ttl = asked_ttl(call.request);
  entry.value = call.body;
  if (call.reader != nullptr) {
    auto& body = static_cast<ValueBody&>(*call.reader);
    entry.staged = &body.finish();
    entry.probe = &body.probe();
  }
  const Stored stored = store_entry(call.context, call.request.key, conditions, entry);
  if (stored.error != Error::none) return stored.error;
  const TagField tag(stored.tag);
  if (stored.is_new) {
    reply.send(201, {}, {}, tag.text());
  } else {
    reply.send_head(204, tag.text());
  }
  return Error::none;
}

Error delete_entry(const Call& call, Reply& reply) {
  Conditions conditions;
  Error error = read_conditions(call.request, conditions);
  if (error == Error::none) error = erase_entry(call.context, call.request.key, conditions);
  if (error == Error::none) reply.send_head(204, {});
  return error;
}

Error increment_entry(const Call& call, Reply& reply) {
  Conditions conditions;
  if (const Error error = read_conditions(call.request, conditions); error != Error::none) {
    return error;
  }
  const Parameters& given = call.request.operation.parameters;
  const Sum sum =
      add_to_entry(call.context, call.request.key, conditions, given.by, given.initial, given.ttl);
  if (sum.error == Error::none) send_number(reply, sum.value, sum.tag);
  return sum.error;
}

Error append_to_entry(const Call& call, Reply& reply) { return join(call, reply, End::back); }
Error prepend_to_entry(const Call& call, Reply& reply) { return join(call, reply, End::front); }

Error touch_entry(const Call& call, Reply& reply) {
  Conditions conditions;
  Error error = read_conditions(call.request, conditions);
  if (error == Error::none) {
    error = renew_entry(call.context, call.request.key, conditions,
                        call.request.operation.parameters.ttl);
  }
  if (error == Error::none) reply.send_head(204, {});
  return error;
}

}  // namespace cubby::protocol
