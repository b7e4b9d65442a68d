#include "core/updater.hpp"

#include <algorithm>
#include <cstring>

namespace cubby {

UpdateOutcome Updater::run(Shard& shard, KeyHash hash) {
  Credit credit(state_.budget);
  for (bool first = true;; first = false) {
    room_.make_pages(pages_for_);
    std::size_t needed = 0;
    const Shard::PutResult result = try_once(shard, hash, first, credit, &needed);
    switch (obstacle_) {
      case Obstacle::none:
        break;
      case Obstacle::too_large:
        return UpdateOutcome::too_large;
      case Obstacle::needs_pages:
        continue;
      case Obstacle::needs_copy:
        shard.touch(hash, key_);
        // It would wait for itself: what it has credit for cannot be evicted.
        credit.release();
        if (copy() != ValueWriter::Outcome::appended) return UpdateOutcome::no_room;
        continue;
    }
    switch (result) {
      case Shard::PutResult::inserted:
      case Shard::PutResult::replaced:
        if (change_.written != nullptr) change_.written->clear();
        room_.keep_to_budget();
        return result == Shard::PutResult::inserted ? UpdateOutcome::inserted
                                                    : UpdateOutcome::replaced;
      case Shard::PutResult::no_credit:
        shard.touch(hash, key_);
        if (!room_.find(needed, [&] { return credit.exchange_for(needed); })) {
          return UpdateOutcome::no_room;
        }
        break;
      case Shard::PutResult::no_memory:
        shard.touch(hash, key_);
        if (!room_.evict()) return UpdateOutcome::no_room;
        break;
      case Shard::PutResult::unchanged:
        return UpdateOutcome::unchanged;
      case Shard::PutResult::erased:
        room_.keep_to_budget();
        return UpdateOutcome::erased;
      case Shard::PutResult::ttl_set:
        return UpdateOutcome::ttl_set;
    }
  }
}

Shard::PutResult Updater::try_once(Shard& shard, KeyHash hash, bool counts, Credit& credit,
                                   std::size_t* needed) {
  try {
    return shard.update(hash, key_, decide_for_shard, this, counts, credit, needed);
  } catch (...) {
    // The index may have grown before there was no memory for more of it.
    room_.keep_to_budget();
    throw;
  }
}

Change Updater::decide(const ValueView* current, NewValue& value) {
  obstacle_ = Obstacle::none;
  change_ = decide_(context_, current);
  if (change_.kind != Change::Kind::store) return change_;
  if (change_.written != nullptr) {
    value.pages = change_.written->value_;
  } else {
    value.before = change_.before;
    value.bytes = change_.value;
  }
  value.notes = change_.notes;
  obstacle_ = obstacle_to(value);
  return obstacle_ == Obstacle::none ? change_ : Change();
}

// A large value is exchanged for the copy that there is of it.
Updater::Obstacle Updater::obstacle_to(NewValue& value) {
  const std::size_t size = value.size();
  if (!room_.fits(key_, size)) return Obstacle::too_large;
  if (size > kLargeValueBytes && !value.pages) {
    if (!copied(value)) return Obstacle::needs_copy;
    value.pages = copy_;
  }
  const std::size_t footprint = EntryStore::footprint(key_.size(), size);
  if (footprint <= pages_for_) return Obstacle::none;
  pages_for_ = footprint;
  return Obstacle::needs_pages;
}

// Whether the copy is of these bytes: the callback may have come to others since.
bool Updater::copied(const NewValue& value) const noexcept {
  if (copy_.size() != value.size()) return false;
  for (std::size_t at = 0; at < copy_.size();) {
    const std::string_view ours = copy_.part(at);
    const std::string_view theirs = value.part(at);
    const std::size_t n = std::min(ours.size(), theirs.size());
    if (std::memcmp(ours.data(), theirs.data(), n) != 0) return false;
    at += n;
  }
  return true;
}

ValueWriter::Outcome Updater::copy() {
  copy_ = PinnedValue();
  if (!room_.can_have_pages(change_.before.size() + change_.value.size())) {
    return ValueWriter::Outcome::no_room;
  }
  copy_ = PinnedValue(new LargeValue(state_));
  for (const std::string_view part : {change_.before, change_.value}) {
    const ValueWriter::Outcome outcome = room_.append(*copy_.value_, part);
    if (outcome != ValueWriter::Outcome::appended) return outcome;
  }
  return ValueWriter::Outcome::appended;
}

}  // namespace cubby
