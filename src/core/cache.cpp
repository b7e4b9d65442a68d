#include <algorithm>
#include <bit>
#include <cassert>
#include <random>
#include <stdexcept>
#include <vector>

#include <unistd.h>

#include <cubby/cache.hpp>

#include "core/large_value.hpp"
#include "core/listing.hpp"
#include "core/room.hpp"
#include "core/shard.hpp"
#include "core/updater.hpp"

namespace cubby {

namespace {

// Memory is given back in pieces of this.
constexpr long kLargestSystemPage = 16 << 10;

std::uint64_t random_number() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

static_assert(kMaxMemoryBytes + slack_bytes(kMaxMemoryBytes) < Arena::kMaxBytes,
              "slots must be moved before the arena is full");
static_assert(kUserFlagBits == SlotMeta::kUserBits && kMaxShards <= 1U << SlotMeta::kOwnerBits &&
                  kMaxKeyBytes < 1U << SlotMeta::kKeySizeBits,
              "what the header promises must fit an entry");

const CacheOptions& validated(const CacheOptions& options) {
  std::string problems;
  const auto require = [&](bool holds, const std::string& problem) {
    if (!holds) problems += (problems.empty() ? "" : "; ") + problem;
  };
  const bool shards_ok = std::has_single_bit(options.shards) && options.shards <= kMaxShards;
  require(shards_ok, "shards must be a power of two from 1 to " + std::to_string(kMaxShards));
  require(options.clock != nullptr, "there must be a clock");
  require(::sysconf(_SC_PAGESIZE) <= kLargestSystemPage, "the system's pages are too large");
  if (!options.charge) {
    require(options.max_memory_bytes >= kMinMemoryBytes,
            "max_memory_bytes must be at least " + std::to_string(kMinMemoryBytes));
    require(options.max_memory_bytes <= kMaxMemoryBytes,
            "max_memory_bytes must be at most " + std::to_string(kMaxMemoryBytes));
    // At least half of it must be left for entries.
    require(!shards_ok || options.max_memory_bytes >= 2 * options.shards * Index::kLeastBytes,
            "max_memory_bytes is too small for so many shards");
  }
  if (!problems.empty()) throw std::invalid_argument(problems);
  return options;
}

}  // namespace

class Cache::Impl {
 public:
  explicit Impl(const CacheOptions& options)
      : state_(validated(options), arena_bytes(options),
               options.hash_seed ? *options.hash_seed : random_number()),
        shard_bits_(static_cast<unsigned>(std::countr_zero(options.shards))),
        indexes_at_(options.shards),
        room_(state_, shards_) {
    shards_.reserve(options.shards);
    for (std::size_t i = 0; i < options.shards; ++i) {
      shards_.push_back(
          std::make_unique<Shard>(state_, static_cast<std::uint8_t>(i), indexes_at_[i]));
    }
  }

  PutOutcome put_bytes(std::string_view key, KeyHash hash, std::string_view value,
                       const PutOptions& options) {
    NewValue bytes{.before = options.before, .bytes = value};
    if (bytes.size() > kLargeValueBytes) return put_copy(key, hash, value, options);
    return put(key, hash, bytes, options);
  }

  // Takes a large value over when it stores it. Inline in both of its callers that are in a hurry:
  // a call more, with all its arguments, is felt there.
  [[gnu::always_inline]] inline PutOutcome put(std::string_view key, KeyHash hash, NewValue& value,
                                               const PutOptions& options) {
    if (!is_valid_key(key) || value.size() > kMaxValueBytes) return PutOutcome::too_large;
    const std::size_t charge = state_.charge(key, value.size());
    if (!room_.can_have(charge, value.size())) return PutOutcome::too_large;
    Credit credit(state_.budget);
    for (;;) {
      room_.make_pages(charge);
      std::size_t needed = 0;
      const Shard::PutResult result =
          put_into_shard(hash, key, value, options, charge, credit, &needed);
      switch (result) {
        case Shard::PutResult::inserted:
        case Shard::PutResult::replaced:
          room_.keep_to_budget();
          return result == Shard::PutResult::inserted ? PutOutcome::inserted : PutOutcome::replaced;
        case Shard::PutResult::no_credit:
          if (!room_.find(needed, [&] { return credit.exchange_for(needed); })) {
            return PutOutcome::no_room;
          }
          break;
        case Shard::PutResult::no_memory:
          if (!room_.evict()) return PutOutcome::no_room;
          break;
        case Shard::PutResult::unchanged:
        case Shard::PutResult::erased:
        case Shard::PutResult::ttl_set:
          break;  // not of a put
      }
    }
  }

  UpdateOutcome update(std::string_view key, KeyHash hash, DecideFunction decide, void* context) {
    if (!is_valid_key(key)) {
      return decide(context, nullptr).kind == Change::Kind::store ? UpdateOutcome::too_large
                                                                  : UpdateOutcome::unchanged;
    }
    return Updater(state_, room_, key, decide, context).run(shard_of(hash), hash);
  }

  std::optional<std::uint64_t> list(std::uint64_t cursor, const ListLimits& limits,
                                    VisitFunction visit, void* context) {
    Listing listing{.next = {cursor_code_.decode(cursor)},
                    .limits = limits,
                    .visit = visit,
                    .context = context};
    if (!listing.walk(shards_)) return std::nullopt;
    return cursor_code_.encode(listing.next.value);
  }

  std::uint64_t identity() const noexcept { return identity_; }

  bool fits(std::string_view key, std::size_t value_size, std::size_t bytes_beside = 0) const {
    return room_.fits(key, value_size, bytes_beside);
  }
  bool has_room(std::size_t value_size, std::size_t bytes_beside) {
    if (bytes_beside == 0 && value_size <= kLargeValueBytes) return true;
    return room_.can_have_pages(value_size, bytes_beside);
  }
  PinnedValue begin_value() { return PinnedValue(new LargeValue(state_)); }

  ValueWriter::Outcome append(LargeValue& value, std::string_view bytes) {
    return room_.append(value, bytes);
  }

  bool get(std::string_view key, KeyHash hash, bool ahead, SinkFunction sink, void* context) {
    return is_valid_key(key) && shard_of(hash).get(hash, key, ahead, sink, context);
  }

  std::optional<std::size_t> touch(std::string_view key, KeyHash hash) {
    return is_valid_key(key) ? shard_of(hash).touch(hash, key) : std::nullopt;
  }

  KeyHash prepare(std::string_view key) const noexcept {
    if (!is_valid_key(key)) return {0};
    const KeyHash hash = KeyHash::of(key, state_.seed);
    indexes_at_[hash.shard(shard_bits_)].prefetch(hash);
    return hash;
  }

  void prefetch_entry(KeyHash hash) const noexcept { shard_of(hash).prefetch_entry(hash); }
  void prefetch_neighbours(KeyHash hash) const noexcept {
    shard_of(hash).prefetch_neighbours(hash);
  }

  bool erase(std::string_view key, KeyHash hash) {
    if (!is_valid_key(key)) return false;
    const bool erased = shard_of(hash).erase(hash, key);
    room_.keep_to_budget();
    return erased;
  }

  // In the order of the shards, which is the only one in which they are locked together.
  void clear() CUBBY_UNCHECKED {
    std::vector<Index::Tables> spare(shards_.size());
    for (Index::Tables& each : spare) each.table = ChunkTable(ChunkTable::kLeastChunks);
    for (const auto& shard : shards_) shard->lock();
    for (std::size_t i = 0; i < shards_.size(); ++i) shards_[i]->clear(spare[i]);
    for (const auto& shard : shards_) shard->unlock();
  }

  bool maintain() {
    state_.use_timeline.note(state_.clock.now(), state_.uses.load(std::memory_order_relaxed));
    return room_.tidy();
  }

  bool resize_reservation(std::size_t from, std::size_t to) {
    if (state_.custom_charge) return true;
    if (to <= from) {
      state_.reserved_bytes.fetch_sub(from - to, std::memory_order_relaxed);
      state_.budget.refund(from - to);
      return true;
    }
    const std::size_t more = to - from;
    if (!room_.find(more, [&] { return state_.budget.try_charge(more); })) return false;
    state_.reserved_bytes.fetch_add(more, std::memory_order_relaxed);
    room_.make_pages(0);
    return true;
  }

  std::uint64_t shortages() const noexcept {
    return state_.shortages.load(std::memory_order_relaxed);
  }

  CacheStats stats() const {
    CacheStats stats;
    for (const auto& shard : shards_) shard->add_stats(stats);
    stats.limit_bytes = state_.budget.limit();
    stats.charged_bytes = state_.budget.charged();
    stats.index_bytes = state_.index_bytes.load(std::memory_order_relaxed);
    stats.reserved_bytes = state_.reserved_bytes.load(std::memory_order_relaxed);
    stats.detached_bytes = state_.detached_bytes.load(std::memory_order_relaxed);
    const std::size_t beside_entries = room_.unevictable_bytes();
    stats.entry_bytes =
        stats.charged_bytes - std::min<std::size_t>(stats.charged_bytes, beside_entries);
    const std::size_t resident = state_.arena.resident_pages() * kPageBytes;
    const std::size_t used = stats.entry_bytes + stats.detached_bytes;
    stats.slack_bytes = resident - std::min(resident, used);
    stats.oldest_age = oldest_age();
    return stats;
  }

  std::string check_invariants() const {
    std::string problems;
    std::size_t charged = room_.unevictable_bytes();
    for (const auto& shard : shards_) shard->check_invariants(problems, &charged);
    if (charged != state_.budget.charged()) {
      problems += "the budget has " + std::to_string(state_.budget.charged()) +
                  " bytes charged, entries, index and reservations make " +
                  std::to_string(charged) + "\n";
    }
    if (state_.budget.exceeded()) problems += "the budget is exceeded\n";
    return problems;
  }

 private:
  static std::size_t arena_bytes(const CacheOptions& options) {
    if (options.charge) return Arena::kMaxBytes;
    // Addresses cost nothing: an eighth more than the pages that Room::make_pages() lets be in use.
    const std::size_t limit = options.max_memory_bytes;
    return std::min(limit + limit / 8 + slack_bytes(limit), Arena::kMaxBytes);
  }

  Shard& shard_of(KeyHash hash) const noexcept { return *shards_[hash.shard(shard_bits_)]; }

  Shard::PutResult put_into_shard(KeyHash hash, std::string_view key, NewValue& value,
                                  const PutOptions& options, std::size_t charge, Credit& credit,
                                  std::size_t* needed) {
    try {
      return shard_of(hash).put(hash, key, value, options, charge, credit, needed);
    } catch (...) {
      // The index may have grown before there was no memory for more of it.
      room_.keep_to_budget();
      throw;
    }
  }

  // Of a value that is to have pages of its own.
  PutOutcome put_copy(std::string_view key, KeyHash hash, std::string_view value,
                      const PutOptions& options) {
    const std::size_t size = options.before.size() + value.size();
    if (!fits(key, size)) return PutOutcome::too_large;
    if (!room_.can_have_pages(size)) return PutOutcome::no_room;
    NewValue pages{.pages = begin_value(), .notes = options.notes};
    for (const std::string_view part : {options.before, value}) {
      if (append(*pages.pages.value_, part) != ValueWriter::Outcome::appended) {
        return PutOutcome::no_room;
      }
    }
    return put(key, hash, pages, options);
  }

  // How long ago the entry that was used longest ago was used.
  std::optional<std::chrono::milliseconds> oldest_age() const {
    std::optional<std::uint32_t> age;
    for (const auto& shard : shards_) {
      if (const auto oldest = shard->oldest()) age = std::max(age, std::optional(oldest->age));
    }
    if (!age) return std::nullopt;
    const std::uint32_t used = state_.uses.load(std::memory_order_relaxed) - *age;
    return state_.use_timeline.age_of(used, state_.clock.now());
  }

  CacheState state_;
  const unsigned shard_bits_;
  // One for each shard.
  std::vector<Index::Whereabouts> indexes_at_;
  std::vector<std::unique_ptr<Shard>> shards_;
  Room room_;
  const CursorCode cursor_code_{random_number(), random_number()};
  const std::uint64_t identity_ = random_number();
};

Cache::Cache(const CacheOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Cache::~Cache() = default;

PutOutcome Cache::put(std::string_view key, std::string_view value, const PutOptions& options) {
  return impl_->put_bytes(key, impl_->prepare(key), value, options);
}

PutOutcome Cache::put(const PreparedKey& key, std::string_view value, const PutOptions& options) {
  return impl_->put_bytes(key.key_, {key.hash_}, value, options);
}

PutOutcome Cache::put(std::string_view key, ValueWriter& value, const PutOptions& options) {
  return put(prepare(key), value, options);
}

PutOutcome Cache::put(const PreparedKey& key, ValueWriter& value, const PutOptions& options) {
  NewValue pages{.pages = value.value_, .notes = options.notes};
  const PutOutcome outcome = impl_->put(key.key_, {key.hash_}, pages, options);
  if (outcome == PutOutcome::inserted || outcome == PutOutcome::replaced) value.clear();
  return outcome;
}

UpdateOutcome Cache::update_with(const PreparedKey& key, DecideFunction decide, void* context) {
  return impl_->update(key.key_, {key.hash_}, decide, context);
}

std::optional<std::uint64_t> Cache::list_with(std::uint64_t cursor, const ListLimits& limits,
                                              VisitFunction visit, void* context) {
  return impl_->list(cursor, limits, visit, context);
}

std::size_t Cache::footprint(std::size_t key_bytes, std::size_t value_bytes) noexcept {
  assert(key_bytes <= kMaxKeyBytes);
  return EntryStore::footprint(key_bytes, value_bytes);
}

std::uint64_t Cache::identity() const noexcept { return impl_->identity(); }

ValueWriter::Outcome ValueWriter::append(std::string_view bytes) {
  if (bytes.empty()) return Outcome::appended;
  if (!value_) value_ = cache_->impl_->begin_value();
  const Outcome outcome = cache_->impl_->append(*value_.value_, bytes);
  if (outcome != Outcome::appended) clear();
  return outcome;
}

void ValueWriter::overwrite_front(std::string_view bytes) noexcept {
  assert(bytes.size() <= std::min(size(), kFrontBytes));
  if (!bytes.empty()) value_.value_->overwrite_front(bytes);
}

std::size_t ValueWriter::memory_bytes() const noexcept {
  return value_ ? value_.value_->charge() : 0;
}

bool Cache::get_with(std::string_view key, SinkFunction sink, void* context) {
  return impl_->get(key, impl_->prepare(key), false, sink, context);
}

bool Cache::get_with(const PreparedKey& key, SinkFunction sink, void* context) {
  return impl_->get(key.key_, {key.hash_}, true, sink, context);
}

PreparedKey Cache::prepare(std::string_view key) const noexcept {
  PreparedKey prepared;
  prepared.key_ = key;
  prepared.hash_ = impl_->prepare(key).value;
  return prepared;
}

void Cache::prefetch(std::span<const PreparedKey> keys) const noexcept {
  // What a step reads, the step before it has asked for, a whole batch of keys ago.
  for (const PreparedKey& key : keys) impl_->prefetch_entry({key.hash_});
  for (const PreparedKey& key : keys) impl_->prefetch_neighbours({key.hash_});
}

std::optional<std::string> Cache::get(std::string_view key) {
  std::optional<std::string> copy;
  PinnedValue large;
  get(key, [&](const ValueView& value) {
    copy.emplace();
    large = value.pin();
    if (!large) value.append_to(*copy);
  });
  while (large && copy->size() < large.size()) *copy += large.part(copy->size());
  return copy;
}

bool Cache::erase(std::string_view key) { return erase(prepare(key)); }

bool Cache::erase(const PreparedKey& key) { return impl_->erase(key.key_, {key.hash_}); }

std::optional<std::size_t> Cache::touch(const PreparedKey& key) {
  return impl_->touch(key.key_, {key.hash_});
}

bool Cache::fits(const PreparedKey& key, std::size_t value_bytes, std::size_t bytes_beside) const {
  return impl_->fits(key.key_, value_bytes, bytes_beside);
}

bool Cache::has_room(std::size_t value_bytes, std::size_t bytes_beside) {
  return impl_->has_room(value_bytes, bytes_beside);
}

void Cache::clear() { impl_->clear(); }

bool Cache::maintain() { return impl_->maintain(); }

bool Cache::Reservation::resize(std::size_t bytes) {
  if (!cache_.impl_->resize_reservation(bytes_, bytes)) return false;
  bytes_ = bytes;
  return true;
}

std::uint64_t Cache::shortages() const noexcept { return impl_->shortages(); }

CacheStats Cache::stats() const { return impl_->stats(); }

std::string Cache::check_invariants() const { return impl_->check_invariants(); }

}  // namespace cubby
