// Adding to a value.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <cubby/cache.hpp>

#include "protocol/conditions.hpp"
#include "protocol/context.hpp"
#include "protocol/entity_tag.hpp"
#include "protocol/error.hpp"
#include "protocol/front.hpp"
#include "protocol/staged_value.hpp"
#include "protocol/text_probe.hpp"
#include "protocol/work.hpp"

namespace cubby::protocol {

enum class End : std::uint8_t { front, back };

// What is to be added to which end of an entry's value, in one step. Errors: key_not_found,
// value_encoded, precondition_failed, value_too_large, value_does_not_fit, no_room.
struct Addition {
  PreparedKey key;
  const Conditions& conditions;
  End end;
  std::string_view bytes;
};

// Whether a value could ever become so large by joining: what is joined and what comes of it are
// there together. Without room for both, the entry would be evicted for the sake of what cannot be.
bool can_become(const Cache& cache, const PreparedKey& key, std::size_t size);

struct Joined {
  Error error = Error::none;
  std::size_t size = 0;
  EntityTag tag = {};
};

// Writes the reply, or returns its error.
Error send_joined(Reply& reply, const Joined& joined);

// Adds where that is soon done, with the shard locked. Otherwise nothing: that is for a LargeJoin.
std::optional<Joined> join_small(const Context& context, const Addition& addition);

// Makes the new value outside the lock, a piece at a time, and stores it if the entry still has the
// value that it was made from, or else begins anew. While others change the entry faster than that,
// it goes on without end, and nobody has to wait for it.
class LargeJoin final : public Work {
 public:
  // Copies the key and the conditions.
  LargeJoin(const Context& context, const Addition& addition, std::string bytes);

  bool go_on() override;
  Error reply(Reply& reply) override;
  std::size_t memory_bytes() const noexcept override;
  std::size_t staged_bytes() const noexcept override;

 private:
  // What it is made from.
  struct Old {
    explicit Old(const StoredEntry& entry);

    std::string_view part(std::size_t at) const;
    // Whether the entry still has it, its type included.
    bool is_of(const StoredEntry& entry) const;

    std::uint64_t tag_seed;
    std::size_t front_bytes;
    std::size_t size;
    // The value is pinned, or here.
    PinnedValue pages;
    std::string text;
  };

  bool begin();
  bool write();
  void begin_anew() noexcept;
  bool store();
  std::string_view part_of_new(std::size_t at) const;

  const Context& context_;
  const std::string key_text_;
  const Conditions conditions_;
  const End end_;
  const std::string bytes_;
  const PreparedKey key_;

  Joined joined_;
  std::optional<Old> old_;
  std::optional<Front> front_;
  std::optional<StagedValue> new_;
  TextProbe probe_;
};

}  // namespace cubby::protocol
