// What the operations on one entry are made of: Cache::update() under conditions.

#pragma once

#include <optional>

#include <cubby/cache.hpp>

#include "protocol/conditions.hpp"
#include "protocol/context.hpp"
#include "protocol/error.hpp"
#include "protocol/stored_entry.hpp"

namespace cubby::protocol {

inline bool are_met(const Conditions& conditions, const StoredEntry* entry) {
  if (conditions.is_empty()) return true;
  const auto tag = entry != nullptr ? std::optional(entry->tag()) : std::nullopt;
  return conditions.judge(tag) == Conditions::Verdict::met;
}

// Finders of faults, for update_if().
inline Error must_be_there(const StoredEntry* entry) {
  return entry != nullptr ? Error::none : Error::key_not_found;
}
inline Error may_be_absent(const StoredEntry*) { return Error::none; }

// Calls decide(const StoredEntry*) as update() does, but only where find_fault(const StoredEntry*)
// finds none and the conditions are met, and sets `error` to what has been found. What would fail
// without conditions fails in the same way with them (RFC 9110, section 13.2.1). find_fault() may
// keep what it has found out for decide(), which comes next, of the same entry.
template <class FindFault, class Decide>
UpdateOutcome update_if(const Context& context, const PreparedKey& key,
                        const Conditions& conditions, Error& error, FindFault&& find_fault,
                        Decide&& decide) {
  return context.cache.update(key, [&](const ValueView* current) -> Change {
    std::optional<StoredEntry> entry;
    if (current != nullptr) entry.emplace(*current);
    const StoredEntry* const shown = entry ? &*entry : nullptr;
    error = find_fault(shown);
    if (error == Error::none && !are_met(conditions, shown)) error = Error::precondition_failed;
    return error == Error::none ? decide(shown) : Change();
  });
}

}  // namespace cubby::protocol
