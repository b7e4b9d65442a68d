// Cache::update(): a decision under a shard's lock, and what has to be had before it can be carried
// out.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <cubby/cache.hpp>

#include "core/cache_state.hpp"
#include "core/room.hpp"
#include "core/shard.hpp"

namespace cubby {

// One update of one key. Only the callback knows how much room its value needs, and only with the
// lock, where none can be made: then the decision is dropped, and taken anew when there is room.
// That is never the room of the entry itself, unless it is the last one: it has been touched.
//
// Thread safety: none.
class Updater {
 public:
  using DecideFunction = Change (*)(void* context, const ValueView* current);

  Updater(CacheState& state, Room& room, std::string_view key, DecideFunction function,
          void* context) noexcept
      : state_(state), room_(room), key_(key), decide_(function), context_(context) {}

  // `shard` and `hash` are the key's, which must be valid.
  UpdateOutcome run(Shard& shard, KeyHash hash);

 private:
  // What keeps the last decision from being carried out.
  enum class Obstacle : std::uint8_t { none, too_large, needs_pages, needs_copy };

  static Change decide_for_shard(void* updater, const ValueView* current, NewValue& value) {
    return static_cast<Updater*>(updater)->decide(current, value);
  }
  Change decide(const ValueView* current, NewValue& value);
  Obstacle obstacle_to(NewValue& value);
  bool copied(const NewValue& value) const noexcept;
  ValueWriter::Outcome copy();

  Shard::PutResult try_once(Shard& shard, KeyHash hash, bool counts, Credit& credit,
                            std::size_t* needed);

  CacheState& state_;
  Room& room_;
  const std::string_view key_;
  const DecideFunction decide_;
  void* const context_;

  Change change_ = {};  // the last decision
  Obstacle obstacle_ = Obstacle::none;
  // There is room in pages for an entry that takes so much: at first, for any that needs one slot.
  std::size_t pages_for_ = kMaxSlotBytes;
  PinnedValue copy_ = {};  // of a large value that came as bytes
};

}  // namespace cubby
