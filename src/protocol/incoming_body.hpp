// The body of a request that has not arrived whole.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "protocol/body_framing.hpp"
#include "protocol/body_reader.hpp"
#include "protocol/error.hpp"
#include "protocol/head_rules.hpp"
#include "protocol/limits.hpp"

namespace cubby::protocol {

// Takes the framing off a body and gives what is in it to a reader, if anybody wants it. One object
// serves for a connection's bodies, one after the other; between them it holds no memory.
class IncomingBody {
 public:
  explicit IncomingBody(const Limits& limits) noexcept : framing_(limits) {}

  // Begins the body that `head` announces. One that comes in chunks may have `max_bytes`; that any
  // other has no more has been seen by its head. `error` is what is wrong with the request already:
  // then, or when it is not wanted, the body is read and thrown away.
  void begin(const RequestHead& head, std::size_t max_bytes, Error error, bool is_wanted);

  // It has begun, and end() has not been called.
  bool has_begun() const noexcept { return has_begun_; }

  // Takes what belongs to the body off the beginning of `input`, and returns how many bytes that
  // are. `make_reader` makes the reader of a body that is wanted, once there is some of it.
  std::size_t take(std::string_view input,
                   const std::function<std::unique_ptr<BodyReader>()>& make_reader);

  // These are of the body that was begun last, also when it has been ended.
  bool is_whole() const noexcept { return framing_.ended(); }
  // What is wrong with its framing, so that it has no end: bad_chunk, body_too_large.
  Error framing_error() const noexcept { return framing_.error(); }
  // What is wrong with the request: what was known, or else what the reader has found. The rest is
  // read and thrown away, so that the reply, and what becomes of the connection, do not depend on
  // how much of it has arrived.
  Error error() const noexcept { return error_; }

  // Ends it, whole or not, and hands its reader over: null where it had no data, was not wanted, or
  // has an error.
  std::unique_ptr<BodyReader> end() noexcept;

  const BodyFraming& framing() const noexcept { return framing_; }
  // Bytes that are still to come and will be kept; nothing where the peer has not said how many.
  std::optional<std::size_t> bytes_ahead() const noexcept;
  // As of the reader.
  std::size_t memory_bytes() const noexcept { return reader_ ? reader_->memory_bytes() : 0; }
  std::size_t staged_bytes() const noexcept { return reader_ ? reader_->staged_bytes() : 0; }

 private:
  void check(Error error) noexcept;

  BodyFraming framing_;
  std::unique_ptr<BodyReader> reader_;
  Error error_ = Error::none;
  bool has_begun_ = false;
  bool is_wanted_ = false;
};

}  // namespace cubby::protocol
