// Reads the JSON that /put takes, as it arrives.

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/json_scanner.hpp"
#include "protocol/limits.hpp"

namespace cubby::protocol {

// Where a value goes that cannot be left where it has arrived.
class ValueSink {
 public:
  virtual ~ValueSink() = default;

  // Takes the next bytes of the value, at least one. Any error but Error::none ends the put.
  virtual Error append(std::string_view piece) = 0;
};

// A body must be exactly one JSON object (see JsonScanner) with one string member "key", one string
// member "value" and at most one member "ttl": a number of seconds as ttl_of() takes it,
// written in at most JsonScanner::kMaxNumberChars characters. Other
// members are ignored, whatever they hold. Names are compared decoded.
//
// The body arrives in pieces of any size. What has arrived in one piece and has no escapes is not
// copied: the key and the value are then views into that piece. Everything else is: a key into the
// reader, which is the only thing that it allocates memory for, and a value into the sink. Nothing
// grows before its bytes have arrived.
//
// Errors: those of JsonScanner, of check_key() and of the sink; json_not_object, key_missing,
// key_repeated, key_not_string, value_missing, value_repeated, value_not_string, value_too_large,
// ttl_repeated, bad_ttl. Each is reported at the byte that shows it (a value is too large at the
// byte that passes the limit, a key is checked at its end or when it passes kMaxKeyBytes, a number
// ends at the character after it), and what is missing, by finish(). So the result never depends on
// how the body is cut. Once there is an error, every call returns it again.
class PutReader {
 public:
  // Both must outlive the reader.
  PutReader(const Limits& limits, ValueSink& sink) noexcept;

  PutReader(const PutReader&) = delete;
  PutReader& operator=(const PutReader&) = delete;

  // Reads the next piece, which must stay as it is until keep() has been called or the results are
  // used no more.
  Error take(std::string_view piece);

  // Copies what is borrowed: the key into the reader, the value into the sink. Afterwards the
  // pieces taken so far may go.
  Error keep();

  // The body has ended. On Error::none the results below are complete.
  Error finish();

  std::string_view key() const noexcept { return key_; }
  std::optional<std::chrono::milliseconds> ttl() const noexcept { return ttl_; }

  // The whole value is borrowed_value(), and the sink has nothing. Otherwise the sink has it all.
  bool value_borrowed() const noexcept { return value_borrowed_; }
  std::string_view borrowed_value() const noexcept { return value_; }

  std::size_t value_size() const noexcept { return value_size_; }
  // What append_escaped() would make of it.
  std::size_t escaped_value_size() const noexcept { return value_size_ + escape_bytes_; }

 private:
  enum class Member : std::uint8_t { other, key, value, ttl };

  Error on(const JsonEvent& event);
  Error on_member(const JsonEvent& event);
  Error on_name(const JsonEvent& event) noexcept;
  Error on_key(const JsonEvent& event);
  Error on_value(const JsonEvent& event);
  Error on_ttl(const JsonEvent& event) noexcept;

  // What is wrong when the member has something that it cannot be.
  Error wrong_type() const noexcept;

  // These copy what is borrowed first.
  void append_to_key(std::string_view text);
  Error append_to_value(std::string_view text);

  const Limits* limits_;
  ValueSink* sink_;
  JsonScanner scanner_;
  Error error_ = Error::none;

  std::uint8_t depth_ = 0;
  Member member_ = Member::other;
  bool has_key_ = false;
  bool has_value_ = false;
  bool has_ttl_ = false;

  // The beginning of the name that is being read: one more character than the longest that counts.
  std::array<char, 6> name_;
  std::uint8_t name_size_ = 0;

  bool key_borrowed_ = false;
  bool value_borrowed_ = false;
  std::string_view key_;
  std::string key_copy_;
  std::string_view value_;  // while it is borrowed
  std::size_t value_size_ = 0;
  std::size_t escape_bytes_ = 0;
  std::optional<std::chrono::milliseconds> ttl_;
};

}  // namespace cubby::protocol
