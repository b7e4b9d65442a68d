#include "protocol/json_number.hpp"

namespace cubby::protocol {

bool JsonNumber::take(char c) noexcept {
  const State next = after(state_, c);
  if (next == State::stop) return false;
  state_ = next;
  return true;
}

JsonNumber::State JsonNumber::after(State state, char c) noexcept {
  const bool is_digit = c >= '0' && c <= '9';
  const bool is_mark = c == 'e' || c == 'E';
  switch (state) {
    case State::begin:
      if (c == '-') return State::minus;
      [[fallthrough]];
    case State::minus:
      if (c == '0') return State::zero;
      return is_digit ? State::integer : State::stop;
    case State::integer:
      if (is_digit) return State::integer;
      [[fallthrough]];
    case State::zero:
      if (c == '.') return State::point;
      return is_mark ? State::exponent_mark : State::stop;
    case State::point:
      return is_digit ? State::fraction : State::stop;
    case State::fraction:
      if (is_digit) return State::fraction;
      return is_mark ? State::exponent_mark : State::stop;
    case State::exponent_mark:
      if (c == '+' || c == '-') return State::exponent_sign;
      [[fallthrough]];
    case State::exponent_sign:
    case State::exponent:
      return is_digit ? State::exponent : State::stop;
    case State::stop:
      break;
  }
  return State::stop;
}

}  // namespace cubby::protocol
