// Reads one JSON text (RFC 8259) that arrives in pieces of any size.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/json_number.hpp"
#include "protocol/utf8.hpp"

namespace cubby::protocol {

// What a scanner has found. Its views are valid as long as the piece that they point into, or until
// the handler returns when they point into the scanner.
struct JsonEvent {
  enum class Kind : std::uint8_t {
    none,
    begin_object,
    end_object,
    begin_array,
    end_array,
    name,     // of a member: some of it, decoded
    string,   // some of it, decoded
    number,   // the first kMaxNumberChars characters of it
    literal,  // true, false or null
  };

  Kind kind = Kind::none;

  // Of names and strings. One comes as one event or as several, of which only the last may be
  // empty; where they part means nothing, and may be within a character.
  bool begins = false;    // the first
  bool ends = false;      // the last
  bool in_piece = false;  // `text` points into the piece, and has no escapes

  std::uint16_t escape_bytes = 0;  // how many append_escaped() would add to `text`

  // Of numbers: there are more characters than `text` has.
  bool is_cut = false;

  std::string_view text = {};
};

// Takes exactly one JSON text in UTF-8: no byte order mark, white space around it. It is strict
// where RFC 8259 leaves a choice: bytes that are not UTF-8 and escapes of lone surrogates are
// refused. Numbers are checked but not evaluated, so they may be of any size. Allocates nothing,
// and keeps no view of a piece.
//
// A handler is called with each JsonEvent in turn and returns an Error; any but Error::none ends
// the scan. Taken together, what it is told before an error depends on the bytes alone and not on
// how they are cut: all that precedes the first byte that is wrong.
//
// Who wants to stop between two events calls next() instead, which is what take() does.
//
// After an error, and after finish(), the scanner must not be used.
class JsonScanner {
 public:
  static constexpr std::size_t kMaxNumberChars = 64;
  // The deepest nesting that can be told apart.
  static constexpr std::size_t kMaxDepth = 64;

  // Objects and arrays may be nested `max_depth` deep, or kMaxDepth when that is less.
  explicit JsonScanner(std::size_t max_depth) noexcept
      : max_depth_(static_cast<std::uint8_t>(max_depth < kMaxDepth ? max_depth : kMaxDepth)) {}

  // Errors: bad_json, json_too_deep, the handler's.
  template <class Handler>
  Error take(std::string_view piece, Handler&& handler) {
    while (next(piece)) {
      if (const Error error = handler(event_); error != Error::none) return error;
    }
    return error_;
  }

  // Reads on to the next event and takes what has been read off `rest`. False when there is none:
  // all has been read, or error() says what is wrong.
  bool next(std::string_view& rest) noexcept;
  const JsonEvent& event() const noexcept { return event_; }
  Error error() const noexcept { return error_; }

  // There are no more pieces. Errors: bad_json, the handler's.
  template <class Handler>
  Error finish(Handler&& handler) {
    return last() ? handler(event_) : error_;
  }

 private:
  enum class State : std::uint8_t {
    value,
    item_or_end,  // just after [
    name_or_end,  // just after {
    name,
    colon,
    comma_or_end,
    text,
    escape,
    hex,
    low_backslash,  // of the escape that must follow a high surrogate
    low_u,
    number,
    literal,
    done,
  };

  // As next(), of what there may be still when all pieces have been read.
  bool last() noexcept;

  // Each reads on in its group of states until it has an event (then it returns true), an error, or
  // nothing left, or until another group's state begins. They are given a `rest` that is not empty.
  bool read_structure(std::string_view& rest) noexcept;
  bool read_text(std::string_view& rest) noexcept;
  // Moves ASCII text from `rest` to buffer_ by eights, which is quicker where escapes are many.
  void gather(std::string_view& rest) noexcept;
  bool read_escape(std::string_view& rest) noexcept;
  bool read_hex(std::string_view& rest) noexcept;
  bool read_number(std::string_view& rest) noexcept;
  bool read_literal(std::string_view& rest) noexcept;

  // These are given the first character, which the caller takes off.
  bool begin_value(char c) noexcept;
  bool begin_number(char c) noexcept;
  bool begin_literal(std::string_view literal) noexcept;
  bool begin_text(bool is_name) noexcept;
  bool begin_level(bool is_object) noexcept;
  bool end_level(bool is_object) noexcept;

  bool tell_text(std::string_view text, bool in_piece, bool ends) noexcept;
  bool tell_buffer(bool ends) noexcept;
  bool tell_number() noexcept;
  bool fail(Error error) noexcept;

  // Takes what four digits have given; false when it cannot come here.
  bool take_code_unit(std::uint16_t unit) noexcept;
  void append_decoded(char ascii) noexcept;
  void append_decoded(std::uint32_t code_point) noexcept;

  bool in_object() const noexcept { return (objects_ & 1) != 0; }
  void end_text() noexcept { is_name_ ? void(state_ = State::colon) : end_value(); }
  void end_value() noexcept { state_ = depth_ == 0 ? State::done : State::comma_or_end; }

  State state_ = State::value;
  Error error_ = Error::none;
  std::uint8_t max_depth_;
  std::uint8_t depth_ = 0;
  std::uint64_t objects_ = 0;  // one bit a level, the innermost the lowest: it is an object

  // The string that is being read.
  bool is_name_ = false;
  bool is_begun_ = false;  // some of it has been told
  Utf8Checker utf8_;
  std::uint8_t hex_digits_ = 0;  // how many of an escape's have been read,
  std::uint16_t code_unit_ = 0;  // and what they say so far
  std::uint16_t high_ = 0;       // the high surrogate before this escape; 0 when there is none
  std::uint8_t decoded_ = 0;     // how much of buffer_ is text that has not been told
  std::uint16_t escape_bytes_ = 0;

  // The number or the literal that is being read.
  JsonNumber number_;
  std::uint8_t number_size_ = 0;
  bool is_cut_ = false;
  std::uint8_t literal_read_ = 0;
  std::string_view literal_;

  JsonEvent event_;
  std::array<char, kMaxNumberChars> buffer_;
};

}  // namespace cubby::protocol
