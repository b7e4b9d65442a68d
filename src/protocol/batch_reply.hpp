// What a batch is answered with.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <cubby/value.hpp>

#include "protocol/context.hpp"
#include "protocol/entity_tag.hpp"
#include "protocol/error.hpp"

namespace cubby::protocol {

struct StoredEntry;

// The most that the values of one reply may take in it, in bytes.
inline constexpr std::size_t kMaxReplyValueBytes = std::size_t{16} << 20;

// An entry that is copied while its shard is locked, or pinned where it is large, to be written
// into a reply afterwards. One object serves for many entries.
class CopiedEntry {
 public:
  explicit CopiedEntry(const Context& context) noexcept : context_(context) {}

  // Takes entries whose value has at most `room` bytes in the reply.
  void begin(std::size_t room) noexcept { room_ = room; }

  // With the shard locked. Of an entry that takes more, everything but its value.
  void take(const ValueView& stored);
  bool has_room() const noexcept { return has_room_; }

  EntityTag tag();

  // Lets go of a large value.
  void let_go() noexcept { large_ = PinnedValue(); }

  // Appends its members to a JSON object, which takes what it has pinned, and returns how many
  // bytes are the value's. `ttl` is what it has been given meanwhile, if it has.
  std::size_t append_to(std::string& output, std::optional<std::chrono::milliseconds> ttl);

  // Beyond the object; in bytes.
  std::size_t memory_bytes() const noexcept;

 private:
  std::size_t append_value(std::string& output);
  template <class Use>
  void for_each_part(Use&& use) const;
  bool fits(const StoredEntry& entry) const;

  const Context& context_;
  std::size_t room_ = 0;
  bool has_room_ = false;
  std::uint8_t flags_ = 0;
  std::optional<std::chrono::milliseconds> ttl_;
  std::optional<std::chrono::seconds> age_;
  std::string content_type_;
  std::string content_encoding_;
  // The value is here, or pinned.
  std::string value_;
  PinnedValue large_;
  std::size_t large_begin_ = 0;
  std::optional<EntityTag> tag_;
  std::uint64_t tag_seed_ = 0;
};

// Writes the array, an operation's result after the other.
class BatchReply {
 public:
  void add_error(Error error, const Limits& limits);
  void add_status(unsigned status);
  void add_tag(unsigned status, EntityTag tag);
  void add_sum(std::int64_t value, EntityTag tag);
  void add_entry(CopiedEntry& entry, std::optional<std::chrono::milliseconds> ttl);

  // How much more the values may take.
  std::size_t room_for_values() const noexcept { return room_; }

  // What there is of the array, beyond what has been taken.
  std::size_t size() const noexcept { return text_.size(); }
  std::string take() noexcept { return std::exchange(text_, {}); }
  // Ends the array. To be called once.
  void finish();
  bool is_finished() const noexcept { return is_finished_; }

  std::size_t memory_bytes() const noexcept;

 private:
  std::string& begin_result();

  std::string text_ = "[";
  bool is_empty_ = true;  // no result yet
  bool is_finished_ = false;
  std::size_t room_ = kMaxReplyValueBytes;
};

}  // namespace cubby::protocol
