// The embeddable cache: an in-memory map from keys to values with one memory budget, which forgets
// the least recently used entry when the budget is full, and never before.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <cubby/cache_options.hpp>
#include <cubby/cache_stats.hpp>
#include <cubby/value.hpp>
#include <cubby/value_writer.hpp>

namespace cubby {

// The longest key, in bytes.
inline constexpr std::size_t kMaxKeyBytes = 2048;
// How many bits of PutOptions::flags are kept.
inline constexpr unsigned kUserFlagBits = 3;

struct PutOptions {
  // How long the entry may be found. Zero means for ever; less than zero, not at all.
  std::chrono::milliseconds ttl{0};

  // Kept with the entry and given back by get(): kUserFlagBits bits that mean what the caller says.
  std::uint8_t flags = 0;

  // Likewise, but only with values over kLargeValueBytes.
  Notes notes{};

  // Stored in front of the value, as its first bytes. A ValueWriter's value is whole: with one this
  // counts for nothing.
  std::string_view before = {};
};

// When nothing is stored, what was there before under the key stays, unless it had to make room.
enum class PutOutcome : std::uint8_t {
  inserted,   // there was no such key
  replaced,   // there was, and its value, flags and time to live are now these
  too_large,  // it can never fit
  no_room,    // it would fit, but reservations and values outside entries leave too little room now
};

// A key with its hash, as Cache::prepare() makes it.
class PreparedKey {
 public:
  // No key: looked up, it is not found.
  PreparedKey() = default;

  std::string_view key() const noexcept { return key_; }

 private:
  friend class Cache;
  std::string_view key_;
  std::uint64_t hash_ = 0;
};

// What Cache::update() is to do, as its callback decides.
struct Change {
  enum class Kind : std::uint8_t {
    none,     // leave all as it is, its place in the order of use included
    erase,    // remove the entry, if there is one
    set_ttl,  // give the entry, if there is one, this time to live
    store,    // put this value
  };
  Kind kind = Kind::none;

  // As PutOptions::ttl. Without it an entry keeps what it has left, and a new one lives for ever.
  std::optional<std::chrono::milliseconds> ttl = std::nullopt;

  // To store: `before` and then `value`, both outside the cache and unchanged until the next call
  // of the callback, or until update() returns; or else what has been `written`, which is emptied
  // when it is stored. Over kLargeValueBytes the latter is better: the others are copied, and
  // compared once more with the shard locked.
  std::string_view value = {};
  std::string_view before = {};
  ValueWriter* written = nullptr;

  // To store: as in PutOptions.
  std::uint8_t flags = 0;
  Notes notes{};
};

enum class UpdateOutcome : std::uint8_t {
  unchanged,  // by Change::Kind::none, or because there was no entry
  erased,
  ttl_set,
  // As PutOutcome. When nothing is stored, what was there stays, unless it had to make room.
  inserted,
  replaced,
  too_large,
  no_room,
};

struct ListLimits {
  // Entries to visit that count. No more are visited, unless keys have the same hash.
  std::size_t most = 1000;
  // Entries to look at, counting or not, as a bound for the time; also of parts of the cache where
  // there are none. Passed by a few hundred at the most.
  std::size_t most_examined = 10'000;
};

// Thread safety: every member function may be called from any thread at any time, but for the
// constructor and the destructor. A key is any string of 1 to kMaxKeyBytes bytes.
class Cache {
 public:
  class Reservation;
  friend class ValueWriter;

  // Throws std::invalid_argument, with every problem named, when the options are out of range, and
  // std::bad_alloc when the system refuses the address space.
  explicit Cache(const CacheOptions& options);
  ~Cache();

  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  // Stores a copy of `value` under `key` and makes it the most recently used entry, evicting others
  // when the budget needs it. An empty key, or one over kMaxKeyBytes, is too_large. Throws
  // std::bad_alloc, with nothing stored, when the system has no memory for a larger index.
  PutOutcome put(std::string_view key, std::string_view value, const PutOptions& options = {});

  // Likewise, with a value that has been written already. Empties `value` when it is stored.
  PutOutcome put(std::string_view key, ValueWriter& value, const PutOptions& options = {});

  // As put() of the key.
  PutOutcome put(const PreparedKey& key, std::string_view value, const PutOptions& options = {});
  PutOutcome put(const PreparedKey& key, ValueWriter& value, const PutOptions& options = {});

  // Looks `key` up. When found, makes the entry the most recently used, calls `sink(ValueView)`
  // with its shard locked, and returns true. The sink should copy what it needs and return: it must
  // not call the cache.
  template <class Sink>
  bool get(std::string_view key, Sink&& sink) {
    using Target = std::remove_reference_t<Sink>;
    return get_with(
        key, [](void* context, const ValueView& value) { (*static_cast<Target*>(context))(value); },
        const_cast<void*>(static_cast<const void*>(std::addressof(sink))));
  }

  // Looking ahead. Most of a lookup's time goes into waiting for memory. Whoever knows several keys
  // in advance can wait for all of them at once: prepare() each key as soon as it is known,
  // prefetch() them together, at best some 8 to 32, and then get() one after the other. That
  // changes the speed and nothing else: entries may come, change and go in between, by whomever.

  // Hashes the key and begins to fetch its place in the index. The key's bytes must stay until the
  // last use of what is returned, which is good for this cache only. An invalid key may be
  // prepared, and is not found.
  PreparedKey prepare(std::string_view key) const noexcept;

  // Begins to fetch the entries of these keys, and what else looking them up reads and writes.
  // Locks each shard in turn, for a moment.
  void prefetch(std::span<const PreparedKey> keys) const noexcept;

  // As get() of the key.
  template <class Sink>
  bool get(const PreparedKey& key, Sink&& sink) {
    using Target = std::remove_reference_t<Sink>;
    return get_with(
        key, [](void* context, const ValueView& value) { (*static_cast<Target*>(context))(value); },
        const_cast<void*>(static_cast<const void*>(std::addressof(sink))));
  }

  // The memory that an entry takes, in bytes, but for the pages of a value over kLargeValueBytes;
  // what it is charged, unless CacheOptions has a charge function. It grows in steps, so that a
  // value can often be a little larger at no cost. `key_bytes` is at most kMaxKeyBytes.
  static std::size_t footprint(std::size_t key_bytes, std::size_t value_bytes) noexcept;

  // A copy of the value, or nothing.
  std::optional<std::string> get(std::string_view key);

  // Removes the entry; false when there was none.
  bool erase(std::string_view key);
  bool erase(const PreparedKey& key);

  // Makes the entry, if there is one, the most recently used, without counting a hit: so that what
  // is about to take room, in order to change it, is not given that of the entry itself. Returns
  // the size of its value.
  std::optional<std::size_t> touch(const PreparedKey& key);

  // Whether a value of this size could be stored under the key if there were no other entries, and
  // so many bytes of something else beside it. Takes no lock.
  bool fits(const PreparedKey& key, std::size_t value_bytes, std::size_t bytes_beside = 0) const;

  // Whether a value of this size that fits(), or so much more of one, could be written now, so many
  // bytes of entries staying beside it: false when reservations and values outside entries leave
  // too little room for that, which then counts as a shortage. To ask costs no entry; to write
  // until there is no_room may cost all of them. Takes no lock: what is to stay has a little to
  // spare, for what others take meanwhile.
  bool has_room(std::size_t value_bytes, std::size_t bytes_beside = 0);

  // Reads an entry and changes it in one step: nothing happens to the key in between. Calls
  // `decide(const ValueView* current)` with the shard locked, `current` being null when there is no
  // entry, and does what the Change says that it returns. To store, or to set a time to live, makes
  // the entry the most recently used.
  //
  // When room has to be made, or a large value copied, the shard is unlocked meanwhile and `decide`
  // called again; what it says last counts. It must not call the cache, but for fits() and
  // has_room(). Counts as one hit or miss. An invalid key has no entry, and whatever is stored
  // under it is too_large. Throws what `decide` throws, and as put() does, with nothing changed.
  template <class Decide>
  UpdateOutcome update(const PreparedKey& key, Decide&& decide) {
    using Target = std::remove_reference_t<Decide>;
    return update_with(
        key,
        [](void* context, const ValueView* current) -> Change {
          return (*static_cast<Target*>(context))(current);
        },
        const_cast<void*>(static_cast<const void*>(std::addressof(decide))));
  }

  // Listing. Walks the entries in an order of its own, in as many calls as one likes. A key that
  // lives through all of them is visited exactly once, whatever else changes meanwhile; one that
  // comes or goes, once or not at all.
  //
  // Begin with a `cursor` of 0; go on with what the last call returned, until it returns nothing.
  // Calls `visit(std::string_view key, const ValueView&)` with the shard locked, for some two
  // hundred entries under one lock at the most; it says whether the visit counts towards
  // ListLimits::most, and must not call the cache. A listing is no use of an entry: it counts
  // neither hits nor misses and leaves the order of use alone. Throws std::bad_alloc, and what
  // `visit` throws.
  //
  // A cursor by itself tells nothing of the hash's seed; the order, which is that of the hashes,
  // tells which keys share a lock. Any number is taken for a cursor; that of another cache, whose
  // identity() differs, leads to anywhere.
  template <class Visit>
  std::optional<std::uint64_t> list(std::uint64_t cursor, const ListLimits& limits, Visit&& visit) {
    using Target = std::remove_reference_t<Visit>;
    return list_with(
        cursor, limits,
        [](void* context, std::string_view key, const ValueView& value) -> bool {
          return (*static_cast<Target*>(context))(key, value);
        },
        const_cast<void*>(static_cast<const void*>(std::addressof(visit))));
  }

  // A number drawn at random when the cache was made.
  std::uint64_t identity() const noexcept;

  // Removes every entry at once: whoever looks afterwards finds none that was there before, nor are
  // they counted. Entries that other threads put meanwhile may stay or go. Their memory still
  // counts; it comes back in maintain(), and before anything is evicted.
  void clear();

  // Does a bounded piece of what is better not done while somebody waits: removes entries that have
  // expired or been cleared, goes on with indexes that are growing or shrinking, and notes the time
  // for CacheStats::oldest_age. Returns whether there may be more to do now. Call it a few times a
  // second, and again as long as it returns true, to have memory back that nobody asks for; without
  // it too an expired entry is never found, and goes before any other is evicted.
  bool maintain();

  CacheStats stats() const;

  // How often something has been refused because there was no room (see PutOutcome). Cheap.
  std::uint64_t shortages() const noexcept;

  // Walks every entry and checks that the cache's bookkeeping agrees with itself: each shard's list
  // against its index, the sums against the counters, the budget against the charges. Returns what
  // is wrong, one line a problem; empty when nothing is. Only while no other thread uses the cache.
  std::string check_invariants() const;

 private:
  using SinkFunction = void (*)(void* context, const ValueView& value);
  bool get_with(std::string_view key, SinkFunction sink, void* context);
  bool get_with(const PreparedKey& key, SinkFunction sink, void* context);
  using DecideFunction = Change (*)(void* context, const ValueView* current);
  UpdateOutcome update_with(const PreparedKey& key, DecideFunction decide, void* context);
  using VisitFunction = bool (*)(void* context, std::string_view key, const ValueView& value);
  std::optional<std::uint64_t> list_with(std::uint64_t cursor, const ListLimits& limits,
                                         VisitFunction visit, void* context);

  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Memory beside the cache's own that is to count against its budget all the same, such as the
// buffers of a server's connections. The cache evicts to make room for it.
//
// Thread safety: none for one reservation; any number may be used at the same time.
class Cache::Reservation {
 public:
  // Of nothing. `cache` must outlive it. Where a charge function says what counts, this does not.
  explicit Reservation(Cache& cache) noexcept : cache_(cache) {}
  ~Reservation() { static_cast<void>(resize(0)); }

  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

  std::size_t bytes() const noexcept { return bytes_; }

  // Returns false, with nothing changed, when the budget cannot have so much even without entries.
  // Making it smaller always succeeds.
  [[nodiscard]] bool resize(std::size_t bytes);

 private:
  Cache& cache_;
  std::size_t bytes_ = 0;
};

}  // namespace cubby
