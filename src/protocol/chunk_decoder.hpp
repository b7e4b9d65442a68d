// Takes the chunked transfer coding off a body (RFC 9112, section 7.1), byte by byte.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/limits.hpp"

namespace cubby::protocol {

// Decodes one body, in pieces of any size. Lines end in CRLF and nothing else; chunk extensions,
// trailer fields and zeros before a long size are checked and thrown away. Their bytes count
// together, and may be max_header_bytes a body; trailer fields may be max_header_fields, and none
// of them may be one that frames or addresses a message.
class ChunkDecoder {
 public:
  explicit ChunkDecoder(const Limits& limits) noexcept
      : ChunkDecoder(limits, limits.max_body_bytes()) {}
  ChunkDecoder(const Limits& limits, std::uint64_t max_body_bytes) noexcept
      : limits_(&limits), max_body_bytes_(max_body_bytes) {}

  // Decodes from the beginning of `input` up to the end of the first data in it, and returns how
  // many bytes that are: all of them when there is no data, unless the body ended or turned out
  // wrong within them. `data` becomes a view into `input`, empty when there is none.
  std::size_t decode(std::string_view input, std::string_view& data);

  // The whole body has been decoded.
  bool done() const noexcept { return state_ == State::done; }

  // The data of all chunks whose size line has been read.
  std::uint64_t announced_bytes() const noexcept { return body_size_; }

  // bad_chunk, or body_too_large as soon as a chunk is announced that passes max_body_bytes.
  Error error() const noexcept { return error_; }

 private:
  enum class State : std::uint8_t {
    size_begin,
    size,
    space_before_extension,
    space_before_name,
    name,
    space_after_name,
    space_before_value,
    token_value,
    quoted_value,
    quoted_pair,
    value_end,
    size_line_end,
    data,
    data_cr,
    data_lf,
    trailer_begin,
    trailer_name,
    trailer_value,
    trailer_line_end,
    last_line_end,
    done,
  };

  // The state that follows `c`; sets error_ when nothing may.
  State after(char c);
  State after_size_line();
  State after_extension_part(char c);
  State fail(Error error) noexcept;
  void take_name_char(char c) noexcept;
  bool is_forbidden_name() const noexcept;

  const Limits* limits_;
  std::uint64_t max_body_bytes_;
  State state_ = State::size_begin;
  Error error_ = Error::none;
  std::uint64_t chunk_left_ = 0;
  std::uint64_t body_size_ = 0;
  std::size_t overhead_bytes_ = 0;  // of extensions, trailer fields, leading zeros
  std::size_t trailer_fields_ = 0;
  std::size_t name_size_ = 0;  // of the trailer field, so far
  unsigned names_left_ = 0;    // which forbidden names it may still become, one bit each
  unsigned size_digits_ = 0;   // of the chunk, so far
};

}  // namespace cubby::protocol
