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
#include "protocol/large_body.hpp"

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
  void let_go() noexcept { large_ = {}; }

  // These append its members to a JSON object: the value's name and the opening quote; the value,
  // of which they return the size there; and from the closing quote on all others. `ttl` is what it
  // has been given meanwhile, if it has.
  void append_name(std::string& output) const;
  std::size_t append_value(std::string& output);
  void append_rest(std::string& output, std::optional<std::chrono::milliseconds> ttl);

  // A value that is pinned, to be sent in place of append_value().
  bool is_large() const noexcept { return static_cast<bool>(large_.value); }
  LargeBody take_large() noexcept { return std::exchange(large_, {}); }

  // Beyond the object; in bytes.
  std::size_t memory_bytes() const noexcept;

 private:
  bool is_text() const noexcept;
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
  LargeBody large_;
  std::optional<EntityTag> tag_;
  std::uint64_t tag_seed_ = 0;
};

// Writes the array, an operation's result after the other.
class BatchReply {
 public:
  // `in_pieces` when pieces of it will be taken before its end: then a large value is not copied.
  explicit BatchReply(bool in_pieces) noexcept : in_pieces_(in_pieces) {}

  void add_error(Error error, const Limits& limits);
  void add_status(unsigned status);
  void add_tag(unsigned status, EntityTag tag);
  void add_sum(std::int64_t value, EntityTag tag);
  void add_entry(CopiedEntry& entry, std::optional<std::chrono::milliseconds> ttl);

  // How much more the values may take.
  std::size_t room_for_values() const noexcept { return room_; }

  // What there is of the array, beyond what has been taken. When it ends with a large value, that
  // has to be taken before anything is added.
  std::size_t size() const noexcept { return text_.size(); }
  bool ends_large() const noexcept { return large_.has_value(); }
  ContentPiece take() noexcept;
  // Ends the array. To be called once.
  void finish();
  bool is_finished() const noexcept { return is_finished_; }

  std::size_t memory_bytes() const noexcept;

 private:
  std::string& begin_result();

  const bool in_pieces_;
  std::string text_ = "[";
  std::optional<LargeBody> large_;  // behind text_
  std::string behind_large_;
  bool is_empty_ = true;  // no result yet
  bool is_finished_ = false;
  std::size_t room_ = kMaxReplyValueBytes;
};

}  // namespace cubby::protocol
