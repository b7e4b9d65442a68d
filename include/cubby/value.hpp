// How the cache shows the values in it.

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cubby {

class Arena;
class LargeValue;
struct CacheState;

// The largest value, in bytes.
inline constexpr std::size_t kMaxValueBytes = (std::size_t{1} << 30) - 1;
// Values over this are kept so that they need not be copied in one go: see ValueWriter and
// PinnedValue.
inline constexpr std::size_t kLargeValueBytes = std::size_t{256} << 10;
// So much of the beginning of a value lies in one piece: see ValueView::front().
inline constexpr std::size_t kFrontBytes = 600;

// What a caller keeps with a value over kLargeValueBytes, beside its flags.
using Notes = std::array<std::uint64_t, 2>;

// An owner of a value over kLargeValueBytes. As long as there is one the value can be read, without
// any lock, even after its entry has gone or has got another value; its memory counts against the
// budget until then. Must not outlive the cache.
//
// Thread safety: none for one owner; several owners of a value may be used at the same time.
class PinnedValue {
 public:
  PinnedValue() = default;
  PinnedValue(const PinnedValue& other) noexcept : PinnedValue(other.value_) {}
  PinnedValue(PinnedValue&& other) noexcept : value_(other.give_up()) {}
  PinnedValue& operator=(PinnedValue other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~PinnedValue();

  // Whether it owns a value. Everything else is 0 or empty when it does not.
  explicit operator bool() const noexcept { return value_ != nullptr; }

  std::size_t size() const noexcept;
  Notes notes() const noexcept;

  // Whether its entry has gone, or got another value.
  bool detached() const noexcept;

  // The bytes from `offset` on that lie in one piece: some, or none when `offset` is size() or
  // more.
  std::string_view part(std::size_t offset) const noexcept;

 private:
  friend class Cache;
  friend class EntryStore;
  friend class ReleasedValues;
  friend class Updater;
  friend class ValueView;
  friend class ValueWriter;

  explicit PinnedValue(LargeValue* value) noexcept;
  // Ownership without counting: out of an owner, and into one.
  LargeValue* give_up() noexcept;
  static PinnedValue take_over(LargeValue* value) noexcept;

  LargeValue* value_ = nullptr;
};

// What a value looks like while its shard is locked. Valid inside the callback only.
class ValueView {
 public:
  std::size_t size() const noexcept { return size_; }
  std::uint8_t flags() const noexcept { return flags_; }
  Notes notes() const noexcept;

  // How long the entry will still be found: more than zero; nothing when it never expires.
  std::optional<std::chrono::milliseconds> ttl() const noexcept;

  // Leaves out the first `bytes` of what is left, at most size(): from here on this is a view of
  // the rest.
  void remove_prefix(std::size_t bytes) noexcept;

  // The bytes at the beginning that lie in one piece. Of a whole value these are kFrontBytes or
  // more, or all of it; of a view whose prefix has been removed, so many less.
  std::string_view front() const noexcept;

  // An owner of the value, and always of all of it, when it is over kLargeValueBytes, otherwise of
  // nothing. Instead of copying so much with the shard locked, pin it and read it afterwards.
  PinnedValue pin() const noexcept { return PinnedValue(large_); }

  // Whether `pinned` is this value, or the whole that it is a part of, and not one that was put
  // later, or under another key.
  bool is(const PinnedValue& pinned) const noexcept {
    return large_ != nullptr && large_ == pinned.value_;
  }

  // Whether it, or the whole that it is a part of, is over kLargeValueBytes.
  bool is_large() const noexcept { return large_ != nullptr; }

  // Copies all size() bytes to `out`.
  void copy_to(char* out) const noexcept;

  // Appends all size() bytes to `out`.
  void append_to(std::string& out) const;

  // Calls `sink(std::string_view)` with all size() bytes, a piece at a time and in order.
  template <class Sink>
  void for_each_part(Sink&& sink) const {
    using Target = std::remove_reference_t<Sink>;
    call_for_each_part(
        [](void* context, std::string_view part) { (*static_cast<Target*>(context))(part); },
        const_cast<void*>(static_cast<const void*>(std::addressof(sink))));
  }

 private:
  friend class EntryStore;
  friend class Shard;
  ValueView() = default;

  template <class Sink>
  void walk_parts(Sink&& sink) const;
  void call_for_each_part(void (*sink)(void*, std::string_view), void* context) const;

  // The bytes in front of the blocks. What follows begins `skipped_` bytes into the first block, or
  // into the large value.
  std::string_view head_;
  const Arena* arena_ = nullptr;
  LargeValue* large_ = nullptr;
  std::uint32_t first_block_ = 0;
  std::uint8_t flags_ = 0;
  std::size_t skipped_ = 0;
  std::size_t size_ = 0;
  std::uint64_t expiry_ = 0;
  const CacheState* state_ = nullptr;
};

}  // namespace cubby
