// Where the body of a request ends that has not arrived whole.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/chunk_decoder.hpp"
#include "protocol/error.hpp"
#include "protocol/head_rules.hpp"
#include "protocol/limits.hpp"

namespace cubby::protocol {

// Takes the framing off a body that arrives in pieces (RFC 9112, section 6): it ends after as many
// bytes as its head has said, or with its last chunk.
class BodyFraming {
 public:
  explicit BodyFraming(const Limits& limits) noexcept : limits_(limits), decoder_(limits) {}

  // The next piece is the first of the body that `head` announces. One that comes in chunks may
  // have `max_bytes`; beyond: body_too_large.
  void begin(const RequestHead& head, std::uint64_t max_bytes) {
    decoder_ = ChunkDecoder(limits_, max_bytes);
    chunked_ = head.chunked;
    length_ = head.content_length;
    received_ = 0;
  }

  // Takes some of the body off the beginning of `input`, which is not empty: returns how many bytes
  // it has used, and lets `data` be what they say. Not to be called when the body has ended or
  // there is an error.
  std::size_t take(std::string_view input, std::string_view& data);

  bool ended() const noexcept { return chunked_ ? decoder_.done() : left() == 0; }
  Error error() const noexcept { return decoder_.error(); }

  std::uint64_t received_bytes() const noexcept { return received_; }
  // So far, when it comes in chunks.
  std::uint64_t announced_bytes() const noexcept {
    return chunked_ ? decoder_.announced_bytes() : length_;
  }
  // Bytes that are still to come, where the peer has said how many there will be.
  std::optional<std::size_t> bytes_ahead() const noexcept {
    if (chunked_) return std::nullopt;
    return static_cast<std::size_t>(left());
  }

 private:
  std::uint64_t left() const noexcept { return length_ - received_; }

  const Limits& limits_;
  ChunkDecoder decoder_;
  std::uint64_t length_ = 0;
  std::uint64_t received_ = 0;
  bool chunked_ = false;
};

}  // namespace cubby::protocol
