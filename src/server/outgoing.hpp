// What a session has to send and the kernel has not taken.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "protocol/base64.hpp"
#include "protocol/heap_bytes.hpp"
#include "protocol/large_body.hpp"

namespace cubby::server {

// How much is sent before other sessions get their turn.
inline constexpr std::size_t kSentPerTurn = std::size_t{256} << 10;

// The rest of a batch of replies, and perhaps a large body after it, of which a piece at a time is
// read from the cache's memory.
//
// Thread safety: none.
class Outgoing {
 public:
  enum class Outcome : std::uint8_t {
    sent,     // everything; nothing is left
    blocked,  // the kernel takes no more for now
    yielded,  // it may take more, but others should have their turn
    failed,   // the connection is broken
  };

  bool empty() const noexcept { return text_.empty() && !large_; }

  // Sends a batch; to be called when empty. What the kernel does not take is kept: a copy of it, or
  // `replies` itself when that is large.
  Outcome send(int fd, std::string& replies, std::optional<protocol::LargeBody> large);

  // Sends more of what is left.
  Outcome send_rest(int fd);

  // What send_rest() is to send; to be called when empty.
  void keep(std::string text) noexcept { text_ = std::move(text); }

  // Lets go of what is left.
  void clear() noexcept;

  // A large body, or some of it, is among what is left.
  bool has_large() const noexcept { return large_.has_value(); }
  // What that takes in the cache's memory and no entry has any more.
  std::size_t detached_bytes() const noexcept {
    return large_ && large_->value.detached() ? large_->value.size() : 0;
  }
  // What the kernel has taken, in all.
  std::uint64_t sent_bytes() const noexcept { return sent_; }

  // Memory of its own.
  std::size_t memory_bytes() const noexcept { return protocol::heap_bytes(text_); }

 private:
  Outcome send_text(int fd);
  Outcome send_piece(int fd, std::size_t& sent);
  void write_piece();

  std::string text_;  // to be sent before large_
  std::size_t text_sent_ = 0;
  std::optional<protocol::LargeBody> large_;
  std::size_t large_sent_ = 0;
  protocol::Base64Encoder base64_;
  std::uint64_t sent_ = 0;
};

}  // namespace cubby::server
