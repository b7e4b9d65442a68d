// The heads that came last, so that one like them need not be read again.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/head_rules.hpp"
#include "protocol/limits.hpp"

namespace cubby::protocol {

// A client repeats every byte of its heads but the target, on all its connections. What a head says
// follows from its method and from what is behind its target, byte for byte, as long as the target
// is in origin-form and within the limits; so that can be remembered, and only the target is new.
//
// It holds a few heads of moderate size, those used last, and is as large from the beginning:
// nothing that a peer sends makes it grow. All heads of one memo are read under the same limits.
//
// Thread safety: none; each worker has its own.
class HeadMemo {
 public:
  static constexpr std::size_t kHeads = 8;
  static constexpr std::size_t kMaxTailBytes = 1024;  // of what is behind the target

  // When `input` begins with a whole head that is within the limits and like one that was kept,
  // fills in `head` as HeadParser would and returns the head's size in bytes. Returns 0 otherwise,
  // which says nothing of the input.
  std::size_t recall(std::string_view input, const Limits& limits, RequestHead& head) noexcept;

  // `text` is a whole head, without fault, and has been read as `head`.
  void keep(std::string_view text, const Limits& limits, const RequestHead& head) noexcept;

 private:
  struct Kept {
    std::uint64_t method = 0;     // with the space behind it; 0 when there is nothing
    std::uint64_t last_used = 0;  // in calls of recall() and keep()
    RequestHead head;             // without its target
    std::size_t tail_size = 0;
    std::array<char, kMaxTailBytes> tail;
  };

  Kept& place_for(std::uint64_t method, std::string_view tail) noexcept;

  std::uint64_t uses_ = 0;
  std::array<Kept, kHeads> kept_;
};

}  // namespace cubby::protocol
