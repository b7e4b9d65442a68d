// The reply that shows an entry.

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <cubby/value.hpp>

#include "protocol/context.hpp"
#include "protocol/entity_tag.hpp"
#include "protocol/metadata.hpp"
#include "protocol/reply.hpp"

namespace cubby::protocol {

struct StoredEntry;

// A number that has become an entry's value, or its size, with the tag that the value has.
void send_number(Reply& reply, std::int64_t number, EntityTag tag);

// Copies an entry into a reply while its shard is locked, and does what takes longer afterwards.
class EntryReply {
 public:
  // `new_ttl` is what the entry is about to get, if it gets another: 0 is for ever.
  EntryReply(const Context& context, Reply& reply,
             std::optional<std::chrono::milliseconds> new_ttl = {}) noexcept
      : context_(context), reply_(reply), new_ttl_(new_ttl) {}

  // With the shard locked: writes the head and the value, or pins that. Takes back what a call
  // before has written.
  void take(const ValueView& stored);

  // Of what has been taken.
  EntityTag tag() noexcept;

  // These end the reply: with 200 and the value, or with 304 in place of it.
  void send() noexcept;
  void send_not_modified();

 private:
  // What a 304 has to have, and then what else there is (RFC 9110, section 15.4.5).
  static constexpr std::size_t kMostFieldBytes = 128 + kMaxMetadataText;

  void write_fields(const StoredEntry& entry) noexcept;

  const Context& context_;
  Reply& reply_;
  const std::optional<std::chrono::milliseconds> new_ttl_;
  bool taken_ = false;
  std::optional<EntityTag> tag_;  // when it is known
  std::uint64_t tag_seed_ = 0;
  std::size_t fields_size_ = 0;
  std::size_t not_modified_size_ = 0;
  std::array<char, kMostFieldBytes> fields_;
};

}  // namespace cubby::protocol
