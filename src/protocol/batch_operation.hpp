// One operation of a batch.

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/conditions.hpp"
#include "protocol/error.hpp"
#include "protocol/json_scanner.hpp"
#include "protocol/limits.hpp"
#include "protocol/metadata.hpp"

namespace cubby::protocol {

// What an operation says, or what is wrong with it. The views are into its text or its reader.
struct BatchOperation {
  enum class Kind : std::uint8_t { get, put, delete_, incr, touch };

  Error error = Error::none;
  Kind kind = Kind::get;
  std::string_view key = {};
  std::optional<std::chrono::milliseconds> ttl = {};
  Conditions conditions = {};
  // Of put.
  std::string_view value = {};
  Metadata metadata = {};
  // Of incr.
  std::int64_t by = 1;
  std::int64_t initial = 0;
};

// A string of a JSON text, which is left where it is when it is in one piece and has no escapes.
class JsonString {
 public:
  void take(const JsonEvent& event);

  std::string_view text() const noexcept {
    return is_borrowed_ ? borrowed_ : std::string_view(own_);
  }
  std::size_t memory_bytes() const noexcept;

 private:
  bool is_borrowed_ = true;
  std::string_view borrowed_;
  std::string own_;  // keeps its memory
};

// Reads the elements of a batch, one after the other, from what a scanner tells of its text: an
// array in which nothing is wrong, and of which each element stays while it is read.
//
// An operation is an object whose members come in any order, each at most once: "op", "key",
// "if_match" and "if_none_match"; for get and touch "ttl"; for put "value" or "value_base64",
// "ttl", "content_type" and "content_encoding"; for incr "by", "initial" and "ttl".
//
// Errors are the operation's: operation_not_object, unknown_operation, unknown_member,
// repeated_member, bad_member, bad_number, bad_ttl, bad_etag, bad_content_type,
// bad_content_encoding, bad_base64, key_missing, key_not_string, value_missing, value_not_string,
// and those of check_key(). Of several the first that shows counts; what a member is worth together
// with the others shows at the end.
class OperationReader {
 public:
  explicit OperationReader(const Limits& limits) noexcept : limits_(limits) {}

  // Takes the next event. True when an element ends with it: operation() is what it says until the
  // next call.
  bool take(const JsonEvent& event);
  const BatchOperation& operation() const noexcept { return operation_; }

  // Of its own, beyond the object; in bytes.
  std::size_t memory_bytes() const noexcept;

 private:
  // In the order of the table of their names. What has a string comes first.
  enum Member : std::uint8_t {
    op,
    key,
    value,
    value_base64,
    content_type,
    content_encoding,
    if_match,
    if_none_match,
    ttl,
    by,
    initial,
    unknown,
  };
  static constexpr std::size_t kStrings = ttl;

  struct MemberRule;
  static const std::array<MemberRule, unknown> kMembers;

  bool begin(const JsonEvent& event);
  void on_member(const JsonEvent& event);
  void on_name();
  void on_number(const JsonEvent& event);
  bool end();

  void fail(Error error) noexcept;
  Error wrong_type() const noexcept;

  // What shows when all members are known. These return what is wrong.
  Error read_all();
  Error read_op();
  Error read_conditions();
  Error read_value();
  Error read_metadata();

  bool has(Member member) const noexcept { return (seen_ & (1U << member)) != 0; }
  std::string_view text(Member member) const noexcept { return strings_[member].text(); }

  const Limits& limits_;
  BatchOperation operation_;
  bool in_array_ = false;
  std::size_t depth_ = 0;
  unsigned seen_ = 0;  // a bit for each Member
  Member member_ = unknown;
  JsonString name_;
  std::array<JsonString, kStrings> strings_;
  std::string bytes_;  // of value_base64
};

}  // namespace cubby::protocol
