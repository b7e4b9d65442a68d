#include "protocol/join.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "protocol/conditional_update.hpp"
#include "protocol/front.hpp"
#include "protocol/stored_entry.hpp"
#include "protocol/text_probe.hpp"

namespace cubby::protocol {
namespace {

// A value that is to be joined to is made anew outside the lock when the result is large, and
// stored if the entry still has the value that it was made from.
class Join {
 public:
  Join(const Context& context, const PreparedKey& key, const Conditions& conditions, End end,
       std::string_view bytes)
      : context_(context), key_(key), conditions_(conditions), end_(end), bytes_(bytes) {}

  Joined run() {
    const auto fault_of = [this](const StoredEntry* entry) { return find_fault(entry); };
    while (true) {
      is_large_ = false;
      old_pages_ = PinnedValue();  // perhaps its last owner, so not with the shard locked
      const UpdateOutcome outcome =
          update_if(context_, key_, conditions_, joined_.error, fault_of,
                    [this](const StoredEntry* entry) { return join(entry); });
      if (!is_large_) return finish(outcome);
      if (!write()) return joined_;
      bool is_other = false;
      const UpdateOutcome large_outcome = update_if(context_, key_, conditions_, joined_.error,
                                                    fault_of, [&](const StoredEntry* entry) {
                                                      is_other = !is_same(*entry);
                                                      return is_other ? Change() : store_written();
                                                    });
      if (!is_other) return finish(large_outcome);
    }
  }

 private:
  Joined finish(UpdateOutcome outcome) {
    if (joined_.error == Error::none) joined_.error = error_of(outcome);
    return joined_;
  }

  Error find_fault(const StoredEntry* entry) {
    if (entry == nullptr) return Error::key_not_found;
    joined_.size = entry->value.size() + bytes_.size();
    if (!entry->metadata.content_encoding.empty()) return Error::value_encoded;
    if (joined_.size > context_.limits.max_value_bytes) return Error::value_too_large;
    // What is joined and what comes of it are there together. Without room for both, the entry
    // would be evicted for the sake of what cannot be.
    const bool fits =
        joined_.size <= kLargeValueBytes || context_.cache.fits(key_, joined_.size, joined_.size);
    return fits ? Error::none : Error::value_does_not_fit;
  }

  Change join(const StoredEntry* entry) {
    front_.emplace(context_, *entry);
    seed_ = entry->tag_seed();
    old_front_bytes_ = entry->front_bytes;
    text_.clear();
    old_pages_ = entry->value.pin();
    is_large_ = old_pages_ || joined_.size > kLargeValueBytes;
    if (is_large_) {
      if (!old_pages_) entry->value.append_to(text_);
      return {.kind = Change::Kind::set_ttl};  // to no other: only touched, before room is made
    }
    text_.reserve(joined_.size);
    if (end_ == End::front) text_ += bytes_;
    entry->value.append_to(text_);
    if (end_ == End::back) text_ += bytes_;
    TextProbe probe;
    probe.take(text_);
    joined_.tag = entity_tag_of(seed_, text_);
    front_->make_room_for_tag(key_.key(), joined_.size);
    front_->set_tag(joined_.tag);
    Change change = changed(probe);
    change.before = front_->bytes();
    change.value = text_;
    return change;
  }

  Change changed(const TextProbe& probe) const {
    Change change{.kind = Change::Kind::store};
    change.flags = flags_of(probe, !front_->bytes().empty(), false);
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
  bool is_large_ = false;
  // The new value, or, when that is large, what the old one was, if that was not.
  std::string text_;
  PinnedValue old_pages_;
  std::size_t old_front_bytes_ = 0;
  std::optional<ValueWriter> pages_;
  TextProbe probe_;
};

}  // namespace

Joined join_to_entry(const Context& context, const PreparedKey& key, const Conditions& conditions,
                     End end, std::string_view bytes) {
  return Join(context, key, conditions, end, bytes).run();
}

}  // namespace cubby::protocol
