#include "core/room.hpp"

#include <optional>

namespace cubby {

namespace {

// How many shards' oldest entries are compared to find one to evict. Five follow one list for the
// whole cache within 0.1 percentage points of hit ratio; see docs/architecture.md.
constexpr std::size_t kShardsCompared = 5;

// With fewer entries a shard than this, five shards may have none but some that have just been
// used. All eight of a shard are of the newer half of the cache once in 2^8 times, and so those of
// five shards once in 10^12.
constexpr std::size_t kFewEntries = 8;
static_assert(kFewEntries < Shard::kMostCounted);

// How often another victim is chosen because others were there first.
constexpr int kMostChoices = 16;

// How many pages are read for expired entries before a live entry is evicted; most of them have
// none when what was noted of them holds no longer.
constexpr int kPagesSweptForRoom = 64;

// Pages that are read at once for expired entries: some 40 microseconds' work each when full of
// them.
constexpr std::size_t kPagesSweptAtOnce = 16;

// Pieces of what has been cleared that are removed at once: in all as much as a full page's
// worth of small entries.
constexpr int kClearedPieces = 16;

// SplitMix64: a good generator whose state is a counter, so that threads can share it.
std::uint64_t next_random(std::atomic<std::uint64_t>& state) noexcept {
  constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15;
  std::uint64_t z = state.fetch_add(kStep, std::memory_order_relaxed) + kStep;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

void Room::reduce_pages_to(std::size_t most_pages) {
  if (state_.arena.pages_in_use() > most_pages) compactor_.reduce_to(most_pages);
  if (state_.arena.resident_pages() > most_pages + kMostKept) {
    state_.arena.trim(most_pages + kMostKept);
  }
}

ValueWriter::Outcome Room::append(LargeValue& value, std::string_view bytes) {
  const std::size_t size = value.size() + bytes.size();
  if (size > kMaxValueBytes ||
      (!state_.custom_charge && LargeValue::footprint(size) > largest_charge())) {
    return ValueWriter::Outcome::too_large;
  }
  for (;;) {
    bytes.remove_prefix(value.append(bytes));
    if (bytes.empty()) return ValueWriter::Outcome::appended;
    if (!add_page(value)) return ValueWriter::Outcome::no_room;
  }
}

bool Room::add_page(LargeValue& value) {
  Credit credit(state_.budget);
  const std::size_t charge = state_.custom_charge ? 0 : LargeValue::kPageCharge;
  if (!find(charge, [&] { return credit.exchange_for(charge); })) return false;
  make_pages(kPageBytes);
  while (!value.add_page()) {
    if (!evict()) return false;
  }
  credit.spend(charge);
  keep_to_budget();
  return true;
}

// The shard whose oldest entry was used longest ago, among a few or, where there are few entries,
// among all.
Room::Victim Room::choose_victim() {
  Victim victim;
  // Returns how many entries the shard has.
  const auto consider = [&victim](Shard& shard) -> std::size_t {
    const std::optional<Shard::Oldest> oldest = shard.oldest();
    if (!oldest) return 0;
    if (victim.shard == nullptr || oldest->age > victim.oldest.age) victim = {&shard, *oldest};
    return oldest->entries;
  };
  if (shards_.size() > kShardsCompared) {
    std::size_t entries = 0;
    // Different ones: their number is a power of two, and the step odd.
    const std::uint64_t random = next_random(victim_random_);
    const std::uint64_t step = (random >> 32) | 1;
    for (std::uint64_t i = 0; i < kShardsCompared; ++i) {
      entries += consider(*shards_[(random + i * step) & (shards_.size() - 1)]);
    }
    if (entries >= kShardsCompared * kFewEntries) return victim;
  }
  for (const auto& shard : shards_) consider(*shard);
  return victim;
}

bool Room::evict() {
  if (remove_cleared()) return true;
  for (int page = 0; page < kPagesSweptForRoom && sweeper_.due(); ++page) {
    const Sweeper::Progress progress = sweeper_.sweep(1);
    if (progress.removed != 0) return true;
    if (!progress.more) break;
  }
  for (int choices = 1;; ++choices) {
    const Victim victim = choose_victim();
    if (victim.shard == nullptr) return continue_resizes();
    // Of one shard the oldest is the right one whichever it is.
    const bool is_choice = shards_.size() > 1 && choices < kMostChoices;
    if (victim.shard->evict_oldest(is_choice ? std::optional(victim.oldest.touched)
                                             : std::nullopt)) {
      return true;
    }
  }
}

// Removes some of what has been cleared. False when there is none.
bool Room::remove_cleared() {
  if (state_.cleared_entries.load(std::memory_order_relaxed) == 0) return false;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    const std::size_t shard = next_cleared_.load(std::memory_order_relaxed);
    if (shards_[shard & (shards_.size() - 1)]->remove_cleared()) return true;
    next_cleared_.store(shard + 1, std::memory_order_relaxed);
  }
  return false;
}

// Does a piece of one resize, or the last pieces of several. Returns whether there may be more.
bool Room::continue_resizes() {
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    const std::size_t shard = next_to_resize_.load(std::memory_order_relaxed);
    if (shards_[shard & (shards_.size() - 1)]->continue_resize()) return true;
    next_to_resize_.store(shard + 1, std::memory_order_relaxed);
  }
  return false;
}

bool Room::tidy() {
  bool more_cleared = true;
  for (int i = 0; i < kClearedPieces && more_cleared; ++i) more_cleared = remove_cleared();
  const bool more_to_sweep = sweeper_.due() && sweeper_.sweep(kPagesSweptAtOnce).more;
  const bool more_to_trim = state_.arena.trim(state_.arena.pages_in_use() + kMostKept);
  const bool more_to_resize = continue_resizes();
  keep_to_budget();
  return more_cleared || more_to_sweep || more_to_trim || more_to_resize;
}

}  // namespace cubby
