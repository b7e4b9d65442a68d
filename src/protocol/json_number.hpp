// The grammar of a JSON number (RFC 8259, section 6), character by character.

#pragma once

#include <cstdint>

namespace cubby::protocol {

class JsonNumber {
 public:
  // False when `c` cannot come next; then nothing has changed.
  bool take(char c) noexcept;

  // What has been taken is a number as it is.
  bool is_whole() const noexcept {
    return state_ == State::zero || state_ == State::integer || state_ == State::fraction ||
           state_ == State::exponent;
  }

 private:
  enum class State : std::uint8_t {
    begin,
    minus,
    zero,
    integer,
    point,
    fraction,
    exponent_mark,
    exponent_sign,
    exponent,
    stop,
  };

  static State after(State state, char c) noexcept;

  State state_ = State::begin;
};

}  // namespace cubby::protocol
