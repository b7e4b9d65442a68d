#include "protocol/json_scanner.hpp"

#include "protocol/eight_bytes.hpp"
#include "protocol/hex.hpp"
#include "protocol/json_escape.hpp"
#include "protocol/json_text.hpp"

namespace cubby::protocol {
namespace {

using JsonKind = JsonEvent::Kind;

bool ends_number(char c) { return is_json_space(c) || c == ',' || c == ']' || c == '}'; }

// What the letter after a backslash stands for; 0 when that is nothing, or \u.
char unescape(char letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/':
      return letter;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

}  // namespace

// Invariants: decoded_ is zero whenever next() returns, so that nothing is held back, not even when
// the next byte is wrong. utf8_ is whole in every state but State::text, and there too while
// decoded_ is not zero.

bool JsonScanner::next(std::string_view& rest) noexcept {
  while (!rest.empty() && error_ == Error::none) {
    bool has_event = false;
    switch (state_) {
      case State::text:
        has_event = read_text(rest);
        break;
      case State::escape:
      case State::hex:
      case State::low_backslash:
      case State::low_u:
        has_event = read_escape(rest);
        break;
      case State::number:
        has_event = read_number(rest);
        break;
      case State::literal:
        has_event = read_literal(rest);
        break;
      default:
        has_event = read_structure(rest);
        break;
    }
    if (has_event) return true;
  }
  return decoded_ > 0 && tell_buffer(false);
}

bool JsonScanner::last() noexcept {
  if (state_ == State::number && depth_ == 0 && number_.is_whole()) return tell_number();
  return state_ != State::done && fail(Error::bad_json);
}

bool JsonScanner::read_structure(std::string_view& rest) noexcept {
  std::size_t spaces = 0;
  while (spaces < rest.size() && is_json_space(rest[spaces])) ++spaces;
  rest.remove_prefix(spaces);
  if (rest.empty()) return false;
  const char c = rest.front();
  rest.remove_prefix(1);
  switch (state_) {
    case State::item_or_end:
      if (c == ']') return end_level(false);
      [[fallthrough]];
    case State::value:
      return begin_value(c);
    case State::name_or_end:
      if (c == '}') return end_level(true);
      [[fallthrough]];
    case State::name:
      return c == '"' ? begin_text(true) : fail(Error::bad_json);
    case State::colon:
      if (c != ':') return fail(Error::bad_json);
      state_ = State::value;
      return false;
    case State::comma_or_end:
      if (c == (in_object() ? '}' : ']')) return end_level(in_object());
      if (c != ',') return fail(Error::bad_json);
      state_ = in_object() ? State::name : State::value;
      return false;
    default:
      return fail(Error::bad_json);
  }
}

bool JsonScanner::begin_value(char c) noexcept {
  switch (c) {
    case '{':
      return begin_level(true);
    case '[':
      return begin_level(false);
    case '"':
      return begin_text(false);
    case 't':
      return begin_literal("true");
    case 'f':
      return begin_literal("false");
    case 'n':
      return begin_literal("null");
    default:
      return begin_number(c);
  }
}

bool JsonScanner::begin_level(bool is_object) noexcept {
  if (depth_ == max_depth_) return fail(Error::json_too_deep);
  ++depth_;
  objects_ = objects_ << 1 | (is_object ? 1U : 0U);
  state_ = is_object ? State::name_or_end : State::item_or_end;
  event_ = {.kind = is_object ? JsonKind::begin_object : JsonKind::begin_array};
  return true;
}

bool JsonScanner::end_level(bool is_object) noexcept {
  --depth_;
  objects_ >>= 1;
  end_value();
  event_ = {.kind = is_object ? JsonKind::end_object : JsonKind::end_array};
  return true;
}

bool JsonScanner::begin_text(bool is_name) noexcept {
  is_name_ = is_name;
  is_begun_ = false;
  state_ = State::text;
  return false;
}

bool JsonScanner::read_text(std::string_view& rest) noexcept {
  // What follows decoded text joins it while there is room, so that a text full of escapes is not
  // told letter by letter.
  const bool is_plain = decoded_ == 0;
  if (!is_plain) {
    gather(rest);
    if (rest.empty()) return false;
  }
  const std::size_t room = buffer_.size() - decoded_;
  const std::string_view text =
      rest.substr(0, text_size(is_plain ? rest : rest.substr(0, room), utf8_));
  rest.remove_prefix(text.size());
  if (!is_plain) {
    text.copy(buffer_.data() + decoded_, text.size());
    decoded_ = static_cast<std::uint8_t>(decoded_ + text.size());
  }
  if (!rest.empty() && rest.front() == '"' && utf8_.is_whole()) {
    rest.remove_prefix(1);
    end_text();
    return is_plain ? tell_text(text, true, true) : tell_buffer(true);
  }
  if (is_plain && !text.empty()) return tell_text(text, true, false);
  if (buffer_.size() - decoded_ < kMaxUtf8Bytes) return tell_buffer(false);
  if (rest.empty()) return false;
  if (rest.front() != '\\' || !utf8_.is_whole()) return fail(Error::bad_json);
  rest.remove_prefix(1);
  state_ = State::escape;
  return !rest.empty() && read_escape(rest);
}

void JsonScanner::gather(std::string_view& rest) noexcept {
  constexpr std::size_t kEight = 8;
  std::size_t size = kEight;
  while (size == kEight && rest.size() >= kEight && buffer_.size() - decoded_ >= kEight) {
    // All eight are copied; what is not text is written over.
    rest.copy(buffer_.data() + decoded_, kEight);
    size = ascii_text_size_of_eight(load_eight(rest.data()));
    decoded_ = static_cast<std::uint8_t>(decoded_ + size);
    rest.remove_prefix(size);
  }
}

bool JsonScanner::read_escape(std::string_view& rest) noexcept {
  const char c = rest.front();
  switch (state_) {
    case State::escape:
      if (c == 'u') {
        state_ = State::hex;
        rest.remove_prefix(1);
        return read_hex(rest);
      } else if (const char character = unescape(c)) {
        append_decoded(character);
      } else {
        return fail(Error::bad_json);
      }
      break;
    case State::hex:
      return read_hex(rest);
    case State::low_backslash:
      if (c != '\\') return fail(Error::bad_json);
      state_ = State::low_u;
      break;
    default:
      if (c != 'u') return fail(Error::bad_json);
      state_ = State::hex;
      break;
  }
  rest.remove_prefix(1);
  return false;
}

bool JsonScanner::read_hex(std::string_view& rest) noexcept {
  while (!rest.empty()) {
    const int digit = hex_value(rest.front());
    if (digit < 0) return fail(Error::bad_json);
    const auto unit = static_cast<std::uint16_t>(code_unit_ << 4 | digit);
    if (hex_digits_ == 3) {
      if (!take_code_unit(unit)) return fail(Error::bad_json);
      rest.remove_prefix(1);
      hex_digits_ = 0;
      code_unit_ = 0;
      return false;
    }
    rest.remove_prefix(1);
    ++hex_digits_;
    code_unit_ = unit;
  }
  return false;
}

bool JsonScanner::take_code_unit(std::uint16_t unit) noexcept {
  const bool is_high = unit >= 0xD800 && unit < 0xDC00;
  const bool is_low = unit >= 0xDC00 && unit < 0xE000;
  if (is_low != (high_ != 0)) return false;
  if (is_high) {
    high_ = unit;
    state_ = State::low_backslash;
  } else {
    append_decoded(is_low ? 0x10000 + ((high_ - 0xD800U) << 10) + (unit - 0xDC00U) : unit);
    high_ = 0;
  }
  return true;
}

void JsonScanner::append_decoded(char ascii) noexcept {
  buffer_[decoded_++] = ascii;
  escape_bytes_ += static_cast<std::uint16_t>(escaped_size(ascii) - 1);
  state_ = State::text;
}

void JsonScanner::append_decoded(std::uint32_t code_point) noexcept {
  if (code_point < 0x80) return append_decoded(static_cast<char>(code_point));
  const std::size_t size = encode_utf8(code_point, buffer_.data() + decoded_);
  decoded_ = static_cast<std::uint8_t>(decoded_ + size);
  state_ = State::text;
}

bool JsonScanner::begin_number(char c) noexcept {
  number_ = {};
  if (!number_.take(c)) return fail(Error::bad_json);
  buffer_[0] = c;
  number_size_ = 1;
  is_cut_ = false;
  state_ = State::number;
  return false;
}

bool JsonScanner::read_number(std::string_view& rest) noexcept {
  const char c = rest.front();
  if (ends_number(c) && number_.is_whole()) return tell_number();
  if (!number_.take(c)) return fail(Error::bad_json);
  if (number_size_ < buffer_.size()) {
    buffer_[number_size_++] = c;
  } else {
    is_cut_ = true;
  }
  rest.remove_prefix(1);
  return false;
}

bool JsonScanner::begin_literal(std::string_view literal) noexcept {
  literal_ = literal;
  literal_read_ = 1;
  state_ = State::literal;
  return false;
}

bool JsonScanner::read_literal(std::string_view& rest) noexcept {
  if (rest.front() != literal_[literal_read_]) return fail(Error::bad_json);
  rest.remove_prefix(1);
  if (++literal_read_ < literal_.size()) return false;
  end_value();
  event_ = {.kind = JsonKind::literal, .text = literal_};
  return true;
}

bool JsonScanner::tell_text(std::string_view text, bool in_piece, bool ends) noexcept {
  const bool begins = !is_begun_;
  is_begun_ = true;
  event_ = {.kind = is_name_ ? JsonKind::name : JsonKind::string,
            .begins = begins,
            .ends = ends,
            .in_piece = in_piece,
            .text = text};
  return true;
}

bool JsonScanner::tell_buffer(bool ends) noexcept {
  const std::string_view text(buffer_.data(), decoded_);
  tell_text(text, false, ends);
  event_.escape_bytes = escape_bytes_;
  decoded_ = 0;
  escape_bytes_ = 0;
  return true;
}

bool JsonScanner::tell_number() noexcept {
  end_value();
  event_ = {.kind = JsonKind::number, .is_cut = is_cut_, .text = {buffer_.data(), number_size_}};
  return true;
}

bool JsonScanner::fail(Error error) noexcept {
  error_ = error;
  return false;
}

}  // namespace cubby::protocol
