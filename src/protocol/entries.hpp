// What /v1 does with one entry, whether a request asks for it or a batch.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <cubby/cache.hpp>

#include "protocol/conditions.hpp"
#include "protocol/context.hpp"
#include "protocol/entity_tag.hpp"
#include "protocol/error.hpp"
#include "protocol/metadata.hpp"
#include "protocol/staged_value.hpp"
#include "protocol/text_probe.hpp"

namespace cubby::protocol {

// All of these are atomic. Each has precondition_failed among its errors, for conditions that do
// not hold: then nothing is done.

// What there is to store. The value is either here or staged.
struct NewEntry {
  Metadata metadata;  // but for stored_at
  std::optional<std::chrono::milliseconds> ttl;
  std::string_view value;
  // When it is in pages, with its Front; what the probe has seen of it.
  StagedValue* staged = nullptr;
  const TextProbe* probe = nullptr;
};

struct Stored {
  Error error = Error::none;
  bool is_new = false;
  EntityTag tag = {};
};

// Whether there can be a value of this size under the key, `more` bytes of which are still to come,
// beside so many bytes of other entries. Nothing is evicted to find that out. Errors:
// value_does_not_fit, when there never can be; no_room, when there cannot be now.
Error check_room(Cache& cache, const PreparedKey& key, std::size_t value_bytes, std::size_t more,
                 std::size_t bytes_beside);

// Errors: value_too_large, value_does_not_fit, no_room.
Stored store_entry(const Context& context, const PreparedKey& key, const Conditions& conditions,
                   const NewEntry& entry);

// Errors: key_not_found.
Error erase_entry(const Context& context, const PreparedKey& key, const Conditions& conditions);

struct Sum {
  Error error = Error::none;
  std::int64_t value = 0;
  EntityTag tag = {};
};

// Adds `by` to the entry's number, or to `initial` where there is no entry. A new entry lives as
// long as `ttl` says or else as is the default; one that is there keeps what it has left, unless
// `ttl` says otherwise.
//
// Errors: not_a_number, number_overflow, value_does_not_fit, no_room.
Sum add_to_entry(const Context& context, const PreparedKey& key, const Conditions& conditions,
                 std::int64_t by, std::int64_t initial,
                 std::optional<std::chrono::milliseconds> ttl);

// Makes the entry the most recently used and gives it another time to live, if there is one given.
// Errors: key_not_found.
Error renew_entry(const Context& context, const PreparedKey& key, const Conditions& conditions,
                  std::optional<std::chrono::milliseconds> ttl);

// Shows the entry and changes it in one step. With its shard locked, shown.take(const ValueView&)
// is called, perhaps more than once: only the last counts. shown.tag() must be its tag then. Where
// `may_be_not_modified`, an entry that the client has already is no error and not modified.
//
// Errors: key_not_found.
template <class Shown, class MakeChange>
Ruling show_and_change(const Context& context, const PreparedKey& key, const Conditions& conditions,
                       bool may_be_not_modified, Shown& shown, MakeChange&& make_change) {
  Ruling ruling{.error = Error::key_not_found};
  context.cache.update(key, [&](const ValueView* value) -> Change {
    if (value == nullptr) {
      ruling = {.error = Error::key_not_found};
      return {};
    }
    shown.take(*value);
    ruling = conditions.is_empty() ? Ruling()
                                   : rule_on(conditions.judge(shown.tag()), may_be_not_modified);
    return ruling.error == Error::none ? make_change() : Change();
  });
  return ruling;
}

// Whole seconds since it was stored, where that is known.
std::optional<std::chrono::seconds> age_of(const Context& context,
                                           const Metadata& metadata) noexcept;

}  // namespace cubby::protocol
