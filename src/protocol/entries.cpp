#include "protocol/entries.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "protocol/date_header.hpp"
#include "protocol/stored_entry.hpp"
#include "protocol/ttl.hpp"

namespace cubby::protocol {
namespace {

using Kind = Change::Kind;

// A change of an entry that has been looked at, without a new value.
Change change_to(Kind kind) {
  Change change;
  change.kind = kind;
  return change;
}

bool are_met(const Conditions& conditions, const StoredEntry* entry) {
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
      return change_to(Kind::none);
    }
    const StoredEntry* const shown = entry ? &*entry : nullptr;
    const bool met = are_met(conditions, shown);
    error = met ? Error::none : Error::precondition_failed;
    return met ? decide(shown) : change_to(Kind::none);
  });
}

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

// Puts what is in front of a value together anew, if the entry has any, as of now.
class Front {
 public:
  Front(const Context& context, const StoredEntry& entry) {
    if (entry.front_bytes > 0) stored_.emplace(metadata_in_front(context, entry.metadata));
  }

  std::string_view bytes() const noexcept {
    return stored_ ? stored_->bytes() : std::string_view();
  }

 private:
  std::optional<StoredMetadata> stored_;
};

// A value that is to be joined to is made anew outside the lock when the result is large, and
// stored if the entry still has the value that it was made from.
class Join {
 public:
  Join(const Context& context, const PreparedKey& key, const Conditions& conditions, End end,
       std::string_view bytes)
      : context_(context), key_(key), conditions_(conditions), end_(end), bytes_(bytes) {}

  Joined run() {
    while (true) {
      is_large_ = false;
      old_pages_ = PinnedValue();  // perhaps its last owner, so not with the shard locked
      const UpdateOutcome outcome =
          update_if(context_, key_, conditions_, Absence::is_not_found, joined_.error,
                    [this](const StoredEntry* entry) { return join(entry); });
      if (!is_large_) return finish(outcome);
      if (!write()) return joined_;
      bool is_other = false;
      const UpdateOutcome large_outcome =
          update_if(context_, key_, conditions_, Absence::is_not_found, joined_.error,
                    [&](const StoredEntry* entry) {
                      is_other = !is_same(*entry);
                      return is_other ? change_to(Kind::none) : store_written();
                    });
      if (!is_other) return finish(large_outcome);
    }
  }

 private:
  Joined finish(UpdateOutcome outcome) {
    if (joined_.error == Error::none) joined_.error = error_of(outcome);
    return joined_;
  }

  Change fail(Error error) {
    joined_.error = error;
    return change_to(Kind::none);
  }

  Change join(const StoredEntry* entry) {
    joined_.size = entry->value.size() + bytes_.size();
    if (joined_.size > context_.limits.max_value_bytes) return fail(Error::value_too_large);
    front_.emplace(context_, *entry);
    seed_ = entry->tag_seed();
    is_encoded_ = !entry->metadata.content_encoding.empty();
    old_front_bytes_ = entry->front_bytes;
    text_.clear();
    old_pages_ = entry->value.pin();
    is_large_ = old_pages_ || joined_.size > kLargeValueBytes;
    if (is_large_) {
      if (!old_pages_) entry->value.append_to(text_);
      return change_to(Kind::none);
    }
    text_.reserve(joined_.size);
    if (end_ == End::front) text_ += bytes_;
    entry->value.append_to(text_);
    if (end_ == End::back) text_ += bytes_;
    TextProbe probe;
    probe.take(text_);
    joined_.tag = entity_tag_of(seed_, text_);
    Change change = changed(probe);
    change.before = front_->bytes();
    change.value = text_;
    return change;
  }

  Change changed(const TextProbe& probe) const {
    Change change = change_to(Kind::store);
    change.flags = flags_of(probe, !front_->bytes().empty(), is_encoded_);
    change.notes = make_notes(joined_.size + probe.escape_bytes(), joined_.tag);
    return change;
  }

  // False with an error.
  bool write() {
    pages_.emplace(context_.cache);
    probe_ = TextProbe();
    EntityTagHasher hasher(seed_);
    const auto write_part = [&](std::string_view part) {
      probe_.take(part);
      hasher.take(part);
      return append(part);
    };
    bool is_written = append(front_->bytes());
    if (end_ == End::front) is_written = is_written && write_part(bytes_);
    is_written = is_written && write_part(text_);
    for (std::size_t at = old_front_bytes_; is_written && at < old_pages_.size();) {
      const std::string_view part = old_pages_.part(at);
      is_written = write_part(part);
      at += part.size();
    }
    if (end_ == End::back) is_written = is_written && write_part(bytes_);
    joined_.tag = hasher.tag();
    return is_written;
  }

  bool append(std::string_view part) {
    joined_.error = error_of(pages_->append(part));
    return joined_.error == Error::none;
  }

  // Whether it still is what the new value has been made from, its type included.
  bool is_same(const StoredEntry& entry) const {
    if (entry.tag_seed() != seed_ || entry.front_bytes != old_front_bytes_) return false;
    const ValueView& value = entry.value;
    if (old_pages_) return value.pin() && !old_pages_.detached();
    std::string_view rest = text_;
    bool same = value.size() == rest.size() && !value.pin();
    value.for_each_part([&](std::string_view part) {
      same = same && rest.starts_with(part);
      rest.remove_prefix(std::min(part.size(), rest.size()));
    });
    return same;
  }

  Change store_written() {
    Change change = changed(probe_);
    change.written = &*pages_;
    return change;
  }

  const Context& context_;
  const PreparedKey& key_;
  const Conditions& conditions_;
  const End end_;
  const std::string_view bytes_;

  Joined joined_;
  std::optional<Front> front_;
  std::uint64_t seed_ = 0;
  bool is_encoded_ = false;
  bool is_large_ = false;
  // The new value, or, when that is large, what the old one was, if that was not.
  std::string text_;
  PinnedValue old_pages_;
  std::size_t old_front_bytes_ = 0;
  std::optional<ValueWriter> pages_;
  TextProbe probe_;
};

}  // namespace

StoredMetadata metadata_in_front(const Context& context, const Metadata& metadata) {
  Metadata now = metadata;
  now.stored_at = context.date.time();
  return StoredMetadata(now);
}

std::optional<std::chrono::seconds> age_of(const Context& context,
                                           const Metadata& metadata) noexcept {
  if (!metadata.stored_at) return std::nullopt;
  // The system's clock may have been put back.
  return std::max(std::chrono::seconds(0), context.date.time() - *metadata.stored_at);
}

Stored store_entry(const Context& context, const PreparedKey& key, const Conditions& conditions,
                   const NewEntry& entry) {
  Stored stored;
  if (entry.value.size() > context.limits.max_value_bytes) return {Error::value_too_large};
  const StoredMetadata front = metadata_in_front(context, entry.metadata);
  const std::uint64_t seed = tag_seed_of(entry.metadata);
  std::string_view value = entry.value;
  TextProbe probe;
  if (entry.staged == nullptr) {
    probe.take(value);
    stored.tag = entity_tag_of(seed, value);
  } else {
    probe = *entry.probe;
    value = entry.staged->text();
    stored.tag = entry.staged->tag();
  }
  ValueWriter* const pages =
      entry.staged != nullptr && entry.staged->is_in_pages() ? &entry.staged->pages() : nullptr;
  const std::size_t size = pages != nullptr ? pages->size() - front.bytes().size() : value.size();
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
  const UpdateOutcome outcome =
      update_if(context, key, conditions, Absence::is_fine, stored.error, [&](const StoredEntry*) {
        Change change{.kind = Kind::store, .ttl = ttl, .flags = flags, .notes = notes};
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

Error delete_entry(const Context& context, const PreparedKey& key, const Conditions& conditions) {
  if (conditions.is_empty()) {
    return context.cache.erase(key) ? Error::none : Error::key_not_found;
  }
  Error error = Error::none;
  const UpdateOutcome outcome =
      update_if(context, key, conditions, Absence::is_not_found, error,
                [](const StoredEntry*) { return change_to(Kind::erase); });
  if (error != Error::none) return error;
  return outcome == UpdateOutcome::erased ? Error::none : Error::key_not_found;
}

Sum add_to_entry(const Context& context, const PreparedKey& key, const Conditions& conditions,
                 std::int64_t by, std::int64_t initial,
                 std::optional<std::chrono::milliseconds> ttl) {
  Sum sum;
  std::array<char, 20> digits;
  std::optional<Front> front;
  std::optional<StoredMetadata> new_front;
  const UpdateOutcome outcome = update_if(
      context, key, conditions, Absence::is_fine, sum.error, [&](const StoredEntry* entry) {
        const auto number = entry != nullptr ? number_of(*entry) : initial;
        if (!number) {
          sum.error = Error::not_a_number;
          return change_to(Kind::none);
        }
        if (__builtin_add_overflow(*number, by, &sum.value)) {
          sum.error = Error::number_overflow;
          return change_to(Kind::none);
        }
        Change change = change_to(Kind::store);
        const Metadata metadata = entry != nullptr ? entry->metadata : Metadata();
        if (entry != nullptr) {
          change.before = front.emplace(context, *entry).bytes();
          change.ttl = kept_or(context, ttl);
        } else {
          change.before = new_front.emplace(metadata_in_front(context, metadata)).bytes();
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

Joined join_to_entry(const Context& context, const PreparedKey& key, const Conditions& conditions,
                     End end, std::string_view bytes) {
  return Join(context, key, conditions, end, bytes).run();
}

Error touch_entry(const Context& context, const PreparedKey& key, const Conditions& conditions,
                  std::optional<std::chrono::milliseconds> ttl) {
  Error error = Error::none;
  const std::optional<std::chrono::milliseconds> new_ttl = kept_or(context, ttl);
  const UpdateOutcome outcome =
      update_if(context, key, conditions, Absence::is_not_found, error, [&](const StoredEntry*) {
        Change change = change_to(Kind::set_ttl);
        change.ttl = new_ttl;
        return change;
      });
  if (error != Error::none) return error;
  return outcome == UpdateOutcome::ttl_set ? Error::none : Error::key_not_found;
}

}  // namespace cubby::protocol
