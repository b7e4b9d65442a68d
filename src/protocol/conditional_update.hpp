// What the operations on one entry are made of: Cache::update() under conditions.

#pragma once

#include <cstdint>
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

// What an operation does where there is no entry. If it would fail without conditions, it fails in
// the same way with them (RFC 9110, section 13.2.1).
enum class Absence : std::uint8_t { is_not_found, is_fine };

// Calls decide(const StoredEntry*) as update() does, but only when the conditions are met, and sets
// `error` where they are not, or there is no entry and there must be one.
template <class Decide>
UpdateOutcome update_if(const Context& context, const PreparedKey& key,
                        const Conditions& conditions, Absence absence, Error& error,
                        Decide&& decide) {
  return context.cache.update(key, [&](const ValueView* current) -> Change {
    std::optional<StoredEntry> entry;
    if (current != nullptr) {
      entry.emplace(*current);
    } else if (absence == Absence::is_not_found) {
      error = Error::key_not_found;
      return {};
    }
    const StoredEntry* const shown = entry ? &*entry : nullptr;
    const bool met = are_met(conditions, shown);
    error = met ? Error::none : Error::precondition_failed;
    return met ? decide(shown) : Change();
  });
}

}  // namespace cubby::protocol
