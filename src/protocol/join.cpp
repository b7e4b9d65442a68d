#include "protocol/join.hpp"

#include <algorithm>
#include <utility>

#include "protocol/conditional_update.hpp"
#include "protocol/entry_reply.hpp"
#include "protocol/heap_bytes.hpp"
#include "protocol/stored_entry.hpp"

namespace cubby::protocol {
namespace {

// What is read and written before others get their turn.
constexpr std::size_t kWrittenAtOnce = std::size_t{1} << 20;

// `size` becomes that of the new value.
Error find_fault(const Context& context, const PreparedKey& key, const StoredEntry* entry,
                 std::size_t added, std::size_t& size) {
  if (entry == nullptr) return Error::key_not_found;
  size = entry->value.size() + added;
  if (!entry->metadata.content_encoding.empty()) return Error::value_encoded;
  if (size > context.limits.max_value_bytes) return Error::value_too_large;
  return can_become(context.cache, key, size) ? Error::none : Error::value_does_not_fit;
}

Change change_to(const TextProbe& probe, const Front& front, const Joined& joined) {
  Change change{.kind = Change::Kind::store};
  change.flags = flags_of(probe, !front.bytes().empty(), false);
  change.notes = make_notes(joined.size + probe.escape_bytes(), joined.tag);
  change.before = front.bytes();
  return change;
}

}  // namespace

bool can_become(const Cache& cache, const PreparedKey& key, std::size_t size) {
  return size <= kLargeValueBytes || cache.fits(key, size, size);
}

Error send_joined(Reply& reply, const Joined& joined) {
  if (joined.error == Error::none) {
    send_number(reply, static_cast<std::int64_t>(joined.size), joined.tag);
  }
  return joined.error;
}

std::optional<Joined> join_small(const Context& context, const Addition& addition) {
  Joined joined;
  bool is_large = false;
  std::optional<Front> front;
  std::string text;
  const auto fault_of = [&](const StoredEntry* entry) {
    return find_fault(context, addition.key, entry, addition.bytes.size(), joined.size);
  };
  const auto join = [&](const StoredEntry* entry) {
    is_large = joined.size > kCollectedBytes;
    if (is_large) return Change();
    text.clear();
    text.reserve(joined.size);
    if (addition.end == End::front) text += addition.bytes;
    entry->value.append_to(text);
    if (addition.end == End::back) text += addition.bytes;
    TextProbe probe;
    probe.take(text);
    joined.tag = entity_tag_of(entry->tag_seed(), text);
    front.emplace(context, *entry);
    front->make_room_for_tag(addition.key.key(), joined.size);
    front->set_tag(joined.tag);
    Change change = change_to(probe, *front, joined);
    change.value = text;
    return change;
  };
  const UpdateOutcome outcome =
      update_if(context, addition.key, addition.conditions, joined.error, fault_of, join);
  if (joined.error == Error::none && is_large) return std::nullopt;
  if (joined.error == Error::none) joined.error = error_of(outcome);
  return joined;
}

LargeJoin::Old::Old(const StoredEntry& entry)
    : tag_seed(entry.tag_seed()),
      front_bytes(entry.front_bytes),
      size(entry.value.size()),
      pages(entry.value.pin()) {
  if (!pages) entry.value.append_to(text);
}

std::string_view LargeJoin::Old::part(std::size_t at) const {
  return pages ? pages.part(front_bytes + at) : std::string_view(text).substr(at);
}

bool LargeJoin::Old::is_of(const StoredEntry& entry) const {
  if (entry.tag_seed() != tag_seed || entry.front_bytes != front_bytes) return false;
  const ValueView& value = entry.value;
  if (pages) return value.is(pages);
  std::string_view rest = text;
  bool same = value.size() == rest.size() && !value.is_large();
  value.for_each_part([&](std::string_view part) {
    same = same && rest.starts_with(part);
    rest.remove_prefix(std::min(part.size(), rest.size()));
  });
  return same;
}

LargeJoin::LargeJoin(const Context& context, const Addition& addition, std::string bytes)
    : context_(context),
      key_text_(addition.key.key()),
      conditions_(addition.conditions),
      end_(addition.end),
      bytes_(std::move(bytes)),
      key_(context.cache.prepare(key_text_)) {}

bool LargeJoin::go_on() {
  if (!new_) return begin();
  return write() || !store();
}

// Whether there is something to write.
bool LargeJoin::begin() {
  const auto fault_of = [this](const StoredEntry* entry) {
    const Error error = find_fault(context_, key_, entry, bytes_.size(), joined_.size);
    if (error != Error::none) return error;
    const bool has_room = context_.cache.has_room(joined_.size, entry->value.size());
    return has_room ? Error::none : Error::no_room;
  };
  update_if(context_, key_, conditions_, joined_.error, fault_of, [this](const StoredEntry* entry) {
    old_.emplace(*entry);
    front_.emplace(context_, *entry);
    return Change{.kind = Change::Kind::set_ttl};  // to no other: only touched, before room is made
  });
  if (joined_.error != Error::none) return false;
  front_->make_room_for_tag(key_text_, joined_.size);
  new_.emplace(context_.cache, front_->bytes(), old_->tag_seed);
  probe_ = TextProbe();
  return true;
}

void LargeJoin::begin_anew() noexcept {
  new_.reset();
  old_.reset();
}

std::string_view LargeJoin::part_of_new(std::size_t at) const {
  const std::string_view bytes = bytes_;
  const std::size_t begin_of_old = end_ == End::front ? bytes.size() : 0;
  if (at < begin_of_old) return bytes.substr(at);
  at -= begin_of_old;
  return at < old_->size ? old_->part(at) : bytes.substr(at - old_->size);
}

// Whether there is more to do before it can be stored.
bool LargeJoin::write() {
  // Seen early, it takes no memory for what is in vain. Otherwise the entry shall not age
  // meanwhile.
  if (old_->pages.detached()) {
    begin_anew();
    return true;
  }
  context_.cache.touch(key_);
  const std::size_t size = old_->size + bytes_.size();
  // Of many that join to it at once some may have to give way.
  const std::size_t more = std::min(size - new_->value_size(), kWrittenAtOnce);
  if (!context_.cache.has_room(more, old_->size)) {
    joined_.error = Error::no_room;
    return false;
  }
  for (std::size_t written = 0; written < kWrittenAtOnce;) {
    const std::size_t at = new_->value_size();
    if (at == size) return false;
    const std::string_view piece = part_of_new(at).substr(0, kWrittenAtOnce);
    probe_.take(piece);
    joined_.error = new_->append(piece);
    if (joined_.error != Error::none) return false;
    written += piece.size();
  }
  return true;
}

// Whether that has been the end of it.
bool LargeJoin::store() {
  if (joined_.error != Error::none) return true;
  joined_.tag = new_->tag();
  front_->set_tag(joined_.tag);
  new_->before_has_changed();
  bool is_other = false;
  const auto fault_of = [this](const StoredEntry* entry) {
    return find_fault(context_, key_, entry, bytes_.size(), joined_.size);
  };
  const UpdateOutcome outcome = update_if(context_, key_, conditions_, joined_.error, fault_of,
                                          [&](const StoredEntry* entry) {
                                            is_other = !old_->is_of(*entry);
                                            if (is_other) return Change();
                                            Change change = change_to(probe_, *front_, joined_);
                                            if (new_->is_in_pages()) {
                                              change.written = &new_->pages();
                                            } else {
                                              change.value = new_->text();
                                            }
                                            return change;
                                          });
  if (joined_.error == Error::none && is_other) {
    begin_anew();
    return false;
  }
  if (joined_.error == Error::none) joined_.error = error_of(outcome);
  return true;
}

Error LargeJoin::reply(Reply& reply) { return send_joined(reply, joined_); }

std::size_t LargeJoin::memory_bytes() const noexcept {
  return sizeof *this + heap_bytes(key_text_) + heap_bytes(bytes_) + conditions_.memory_bytes() +
         (old_ ? heap_bytes(old_->text) : 0) + (new_ ? new_->memory_bytes() : 0);
}

std::size_t LargeJoin::staged_bytes() const noexcept {
  const std::size_t detached = old_ && old_->pages.detached() ? old_->pages.size() : 0;
  return detached + (new_ ? new_->staged_bytes() : 0);
}

}  // namespace cubby::protocol
