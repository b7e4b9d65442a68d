#include "protocol/batch_operation.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <type_traits>
#include <utility>

#include "protocol/base64.hpp"
#include "protocol/head_rules.hpp"
#include "protocol/heap_bytes.hpp"
#include "protocol/key.hpp"
#include "protocol/ttl.hpp"

namespace cubby::protocol {
namespace {

using Kind = BatchOperation::Kind;
using JsonKind = JsonEvent::Kind;

struct NamedKind {
  std::string_view name;
  Kind kind;
};

constexpr std::array kKinds{
    NamedKind{"get", Kind::get},        NamedKind{"put", Kind::put},
    NamedKind{"delete", Kind::delete_}, NamedKind{"incr", Kind::incr},
    NamedKind{"touch", Kind::touch},
};

template <class... Kinds>
constexpr unsigned kinds(Kinds... each) {
  return (0U | ... | (1U << static_cast<unsigned>(each)));
}

constexpr unsigned kEvery = ~0U;
constexpr unsigned kPut = kinds(Kind::put);

// Whether it can be sent as a field's value as it is (RFC 9110, section 5.5).
bool is_field_value(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  if (text.size() > kMaxMetadataText) return false;
  if (!text.empty() && (is_space(text.front()) || is_space(text.back()))) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

bool read_integer(const JsonEvent& event, std::int64_t& number) {
  const char* const end = event.text.data() + event.text.size();
  const auto [stop, problem] = std::from_chars(event.text.data(), end, number);
  return !event.is_cut && problem == std::errc{} && stop == end;
}

}  // namespace

struct OperationReader::MemberRule {
  std::string_view name;
  unsigned kinds;    // of operations that take it
  Error wrong_type;  // when it is of another
};

constexpr std::array<OperationReader::MemberRule, OperationReader::unknown>
    OperationReader::kMembers{{
        {"op", kEvery, Error::unknown_operation},
        {"key", kEvery, Error::key_not_string},
        {"value", kPut, Error::value_not_string},
        {"value_base64", kPut, Error::bad_member},
        {"content_type", kPut, Error::bad_member},
        {"content_encoding", kPut, Error::bad_member},
        {"if_match", kEvery, Error::bad_member},
        {"if_none_match", kEvery, Error::bad_member},
        {"ttl", kinds(Kind::get, Kind::put, Kind::incr, Kind::touch), Error::bad_ttl},
        {"by", kinds(Kind::incr), Error::bad_number},
        {"initial", kinds(Kind::incr), Error::bad_number},
    }};

void JsonString::take(const JsonEvent& event) {
  if (event.begins) {
    own_.clear();
    borrowed_ = event.text;
    is_borrowed_ = event.in_piece && event.ends;
    if (is_borrowed_) return;
  }
  own_ += event.text;
}

std::size_t JsonString::memory_bytes() const noexcept { return heap_bytes(own_); }

// Invariants: depth_ is 0 between two elements and 1 in an operation's members. Once the operation
// has an error, the rest of its element means nothing.

bool OperationReader::take(const JsonEvent& event) {
  if (!std::exchange(in_array_, true)) return false;
  if (depth_ == 0) return event.kind != JsonKind::end_array && begin(event);
  switch (event.kind) {
    case JsonKind::begin_object:
    case JsonKind::begin_array:
      if (depth_++ == 1 && operation_.error == Error::none) fail(wrong_type());
      return false;
    case JsonKind::end_object:
    case JsonKind::end_array:
      return --depth_ == 0 && end();
    default:
      if (depth_ == 1 && operation_.error == Error::none) on_member(event);
      return false;
  }
}

bool OperationReader::begin(const JsonEvent& event) {
  // Made anew and not assigned, which would leave it the memory of its tags.
  static_assert(std::is_nothrow_default_constructible_v<BatchOperation>);
  std::destroy_at(&operation_);
  std::construct_at(&operation_);
  seen_ = 0;
  if (event.kind != JsonKind::begin_object) fail(Error::operation_not_object);
  if (event.kind == JsonKind::begin_object || event.kind == JsonKind::begin_array) {
    depth_ = 1;
    return false;
  }
  return event.kind != JsonKind::string || event.ends;
}

void OperationReader::on_member(const JsonEvent& event) {
  switch (event.kind) {
    case JsonKind::name:
      name_.take(event);
      if (event.ends) on_name();
      return;
    case JsonKind::string:
      if (member_ >= kStrings) return fail(wrong_type());
      return strings_[member_].take(event);
    case JsonKind::number:
      return on_number(event);
    default:
      return fail(wrong_type());
  }
}

void OperationReader::on_name() {
  const auto* const known =
      std::find_if(kMembers.begin(), kMembers.end(),
                   [name = name_.text()](const MemberRule& rule) { return rule.name == name; });
  member_ = static_cast<Member>(known - kMembers.begin());
  if (member_ == unknown) return fail(Error::unknown_member);
  if (has(member_)) return fail(Error::repeated_member);
  seen_ |= 1U << member_;
}

void OperationReader::on_number(const JsonEvent& event) {
  switch (member_) {
    case ttl:
      if (!event.is_cut) operation_.ttl = ttl_of(event.text);
      if (!operation_.ttl) fail(Error::bad_ttl);
      return;
    case by:
      if (!read_integer(event, operation_.by)) fail(Error::bad_number);
      return;
    case initial:
      if (!read_integer(event, operation_.initial)) fail(Error::bad_number);
      return;
    default:
      return fail(wrong_type());
  }
}

bool OperationReader::end() {
  if (operation_.error == Error::none) operation_.error = read_all();
  return true;
}

void OperationReader::fail(Error error) noexcept {
  if (operation_.error == Error::none) operation_.error = error;
}

Error OperationReader::wrong_type() const noexcept { return kMembers[member_].wrong_type; }

Error OperationReader::read_all() {
  if (const Error error = read_op(); error != Error::none) return error;
  if (!has(key)) return Error::key_missing;
  operation_.key = text(key);
  if (const Error error = check_key(operation_.key, limits_); error != Error::none) return error;
  if (const Error error = read_conditions(); error != Error::none) return error;
  return operation_.kind == Kind::put ? read_value() : Error::none;
}

Error OperationReader::read_op() {
  if (!has(op)) return Error::unknown_operation;
  const auto* const known =
      std::find_if(kKinds.begin(), kKinds.end(),
                   [name = text(op)](const NamedKind& kind) { return kind.name == name; });
  if (known == kKinds.end()) return Error::unknown_operation;
  operation_.kind = known->kind;
  for (std::size_t i = 0; i < kMembers.size(); ++i) {
    const bool is_taken = (kMembers[i].kinds & kinds(operation_.kind)) != 0;
    if (!is_taken && has(static_cast<Member>(i))) return Error::unknown_member;
  }
  return Error::none;
}

Error OperationReader::read_conditions() {
  // As much as a field can have.
  for (const Member each : {if_match, if_none_match}) {
    if (has(each) && text(each).size() > limits_.max_header_bytes) return Error::bad_etag;
  }
  Conditions& conditions = operation_.conditions;
  if (has(if_match) && !conditions.if_match.add(text(if_match))) return Error::bad_etag;
  if (has(if_none_match) && !conditions.if_none_match.add(text(if_none_match))) {
    return Error::bad_etag;
  }
  return Error::none;
}

Error OperationReader::read_value() {
  if (has(value) && has(value_base64)) return Error::bad_member;
  if (!has(value) && !has(value_base64)) return Error::value_missing;
  if (const Error error = read_metadata(); error != Error::none) return error;
  if (has(value)) {
    operation_.value = text(value);
    return Error::none;
  }
  bytes_.clear();
  if (!decode_base64(bytes_, text(value_base64))) return Error::bad_base64;
  operation_.value = bytes_;
  return Error::none;
}

// An empty field is as good as none.
Error OperationReader::read_metadata() {
  Metadata& metadata = operation_.metadata;
  metadata.content_type = has(value) ? kPlainTextType : kBytesType;
  if (has(content_type) && !text(content_type).empty()) {
    metadata.content_type = text(content_type);
    if (!is_field_value(metadata.content_type)) return Error::bad_content_type;
  }
  if (has(content_encoding) && names_encoding(text(content_encoding))) {
    metadata.content_encoding = text(content_encoding);
    if (!is_field_value(metadata.content_encoding)) return Error::bad_content_encoding;
  }
  return Error::none;
}

std::size_t OperationReader::memory_bytes() const noexcept {
  std::size_t bytes =
      operation_.conditions.memory_bytes() + name_.memory_bytes() + heap_bytes(bytes_);
  for (const JsonString& string : strings_) bytes += string.memory_bytes();
  return bytes;
}

}  // namespace cubby::protocol
