#include "protocol/entries.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "protocol/conditional_update.hpp"
#include "protocol/date_header.hpp"
#include "protocol/front.hpp"
#include "protocol/stored_entry.hpp"
#include "protocol/ttl.hpp"

namespace cubby::protocol {
namespace {

std::optional<std::chrono::milliseconds> kept_or(const Context& context,
                                                 std::optional<std::chrono::milliseconds> ttl) {
  return ttl ? std::optional(context.ttl.ttl_for(ttl)) : std::nullopt;
}

// The number that a value spells in the one way that a number is written here; nothing when it is
// none.
std::optional<std::int64_t> number_of(const StoredEntry& entry) {
  constexpr std::size_t kMostDigits = 20;  // with the sign
  const std::string_view text = entry.value.front();
  if (text.size() != entry.value.size() || text.size() > kMostDigits) return std::nullopt;
  if (!entry.metadata.content_encoding.empty()) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc{} || stop != end) return std::nullopt;
  const bool is_negative = text.front() == '-';
  const bool has_zero_in_front = text.substr(is_negative ? 1 : 0).front() == '0';
  if (has_zero_in_front && text.size() > 1) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::chrono::seconds> age_of(const Context& context,
                                           const Metadata& metadata) noexcept {
  if (!metadata.stored_at) return std::nullopt;
  // The system's clock may have been put back.
  return std::max(std::chrono::seconds(0), context.date.time() - *metadata.stored_at);
}

Error check_room(Cache& cache, const PreparedKey& key, std::size_t value_bytes, std::size_t more,
                 std::size_t bytes_beside) {
  if (!cache.fits(key, value_bytes, bytes_beside)) return Error::value_does_not_fit;
  return cache.has_room(more, bytes_beside) ? Error::none : Error::no_room;
}

Stored store_entry(const Context& context, const PreparedKey& key, const Conditions& conditions,
                   const NewEntry& entry) {
  Stored stored;
  if (entry.value.size() > context.limits.max_value_bytes) return {Error::value_too_large};
  StagedValue* const staged = entry.staged;
  ValueWriter* const pages =
      staged != nullptr && staged->is_in_pages() ? &staged->pages() : nullptr;
  std::string_view value = entry.value;
  TextProbe probe;
  if (staged == nullptr) {
    probe.take(value);
    stored.tag = entity_tag_of(tag_seed_of(entry.metadata), value);
  } else {
    probe = *entry.probe;
    value = staged->text();
    stored.tag = staged->tag();
  }
  Front front(context, entry.metadata);
  front.make_room_for_tag(key.key(), value.size());
  front.set_tag(stored.tag);
  const std::size_t size = pages != nullptr ? staged->value_size() : value.size();
  const std::chrono::milliseconds ttl = context.ttl.ttl_for(entry.ttl);
  const std::uint8_t flags = flags_of(probe, true, !entry.metadata.content_encoding.empty());
  const Notes notes = make_notes(size + probe.escape_bytes(), stored.tag);

  if (conditions.is_empty()) {
    PutOptions options{.ttl = ttl, .flags = flags, .notes = notes};
    if (pages == nullptr) options.before = front.bytes();
    const PutOutcome outcome = pages != nullptr ? context.cache.put(key, *pages, options)
                                                : context.cache.put(key, value, options);
    stored.error = error_of(outcome);
    stored.is_new = outcome == PutOutcome::inserted;
    return stored;
  }
  // What it depends on is there together with it, or would be evicted for the sake of what it
  // decides about.
  const auto find_fault = [&](const StoredEntry* current) {
    if (current == nullptr || pages != nullptr || size <= kLargeValueBytes) return Error::none;
    return check_room(context.cache, key, size, size, current->value.size());
  };
  const UpdateOutcome outcome =
      update_if(context, key, conditions, stored.error, find_fault, [&](const StoredEntry*) {
        Change change{.kind = Change::Kind::store, .ttl = ttl, .flags = flags, .notes = notes};
        if (pages != nullptr) {
          change.written = pages;
        } else {
          change.before = front.bytes();
          change.value = value;
        }
        return change;
      });
  if (stored.error == Error::none) stored.error = error_of(outcome);
  stored.is_new = outcome == UpdateOutcome::inserted;
  return stored;
}

Error erase_entry(const Context& context, const PreparedKey& key, const Conditions& conditions) {
  if (conditions.is_empty()) {
    return context.cache.erase(key) ? Error::none : Error::key_not_found;
  }
  Error error = Error::none;
  const UpdateOutcome outcome =
      update_if(context, key, conditions, error, must_be_there,
                [](const StoredEntry*) { return Change{.kind = Change::Kind::erase}; });
  if (error != Error::none) return error;
  return outcome == UpdateOutcome::erased ? Error::none : Error::key_not_found;
}

Sum add_to_entry(const Context& context, const PreparedKey& key, const Conditions& conditions,
                 std::int64_t by, std::int64_t initial,
                 std::optional<std::chrono::milliseconds> ttl) {
  Sum sum;
  std::array<char, 20> digits;
  std::optional<Front> front;
  const auto find_fault = [&](const StoredEntry* entry) {
    const auto number = entry != nullptr ? number_of(*entry) : initial;
    if (!number) return Error::not_a_number;
    const bool overflows = __builtin_add_overflow(*number, by, &sum.value);
    return overflows ? Error::number_overflow : Error::none;
  };
  const UpdateOutcome outcome =
      update_if(context, key, conditions, sum.error, find_fault, [&](const StoredEntry* entry) {
        Change change{.kind = Change::Kind::store};
        const Metadata metadata = entry != nullptr ? entry->metadata : Metadata();
        if (entry != nullptr) {
          change.before = front.emplace(context, *entry).bytes();
          change.ttl = kept_or(context, ttl);
        } else {
          change.before = front.emplace(context, metadata).bytes();
          change.ttl = context.ttl.ttl_for(ttl);
        }
        if (!change.before.empty()) change.flags = kHasMetadata;
        const char* const end =
            std::to_chars(digits.data(), digits.data() + digits.size(), sum.value).ptr;
        change.value = {digits.data(), static_cast<std::size_t>(end - digits.data())};
        sum.tag = entity_tag_of(entity_tag_seed(metadata.content_type, {}), change.value);
        return change;
      });
  if (sum.error == Error::none) sum.error = error_of(outcome);
  return sum;
}

Error renew_entry(const Context& context, const PreparedKey& key, const Conditions& conditions,
                  std::optional<std::chrono::milliseconds> ttl) {
  Error error = Error::none;
  const std::optional<std::chrono::milliseconds> new_ttl = kept_or(context, ttl);
  const UpdateOutcome outcome = update_if(
      context, key, conditions, error, must_be_there,
      [&](const StoredEntry*) { return Change{.kind = Change::Kind::set_ttl, .ttl = new_ttl}; });
  if (error != Error::none) return error;
  return outcome == UpdateOutcome::ttl_set ? Error::none : Error::key_not_found;
}

}  // namespace cubby::protocol
