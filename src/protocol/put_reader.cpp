#include "protocol/put_reader.hpp"

#include <utility>

#include <cubby/cache.hpp>

#include "protocol/key.hpp"
#include "protocol/ttl.hpp"

namespace cubby::protocol {
namespace {

using JsonKind = JsonEvent::Kind;

}  // namespace

// Invariants: key_ is what there is of the key, in a piece while key_borrowed_ and else in
// key_copy_. While value_borrowed_, value_ is what there is of the value, and the sink has nothing.

PutReader::PutReader(const Limits& limits, ValueSink& sink) noexcept
    : limits_(&limits), sink_(&sink), scanner_(limits.max_json_depth) {}

Error PutReader::take(std::string_view piece) {
  if (error_ != Error::none) return error_;
  return error_ = scanner_.take(piece, [this](const JsonEvent& event) { return on(event); });
}

Error PutReader::keep() {
  if (error_ != Error::none) return error_;
  if (key_borrowed_) append_to_key({});
  if (value_borrowed_) error_ = append_to_value({});
  return error_;
}

Error PutReader::finish() {
  if (error_ != Error::none) return error_;
  error_ = scanner_.finish([this](const JsonEvent& event) { return on(event); });
  if (error_ != Error::none) return error_;
  if (!has_key_) return error_ = Error::key_missing;
  if (!has_value_) return error_ = Error::value_missing;
  return Error::none;
}

Error PutReader::on(const JsonEvent& event) {
  if (depth_ == 0) {
    depth_ = 1;
    return event.kind == JsonKind::begin_object ? Error::none : Error::json_not_object;
  }
  switch (event.kind) {
    case JsonKind::begin_object:
    case JsonKind::begin_array:
      return depth_++ == 1 ? wrong_type() : Error::none;
    case JsonKind::end_object:
    case JsonKind::end_array:
      --depth_;
      return Error::none;
    default:
      return depth_ == 1 ? on_member(event) : Error::none;
  }
}

Error PutReader::on_member(const JsonEvent& event) {
  switch (event.kind) {
    case JsonKind::name:
      return on_name(event);
    case JsonKind::string:
      if (member_ == Member::key) return on_key(event);
      return member_ == Member::value ? on_value(event) : wrong_type();
    case JsonKind::number:
      return member_ == Member::ttl ? on_ttl(event) : wrong_type();
    default:
      return wrong_type();
  }
}

Error PutReader::on_name(const JsonEvent& event) noexcept {
  if (event.begins) name_size_ = 0;
  name_size_ += static_cast<std::uint8_t>(
      event.text.copy(name_.data() + name_size_, name_.size() - name_size_));
  if (!event.ends) return Error::none;
  const std::string_view name(name_.data(), name_size_);
  member_ = name == "key"     ? Member::key
            : name == "value" ? Member::value
            : name == "ttl"   ? Member::ttl
                              : Member::other;
  switch (member_) {
    case Member::key:
      return std::exchange(has_key_, true) ? Error::key_repeated : Error::none;
    case Member::value:
      return std::exchange(has_value_, true) ? Error::value_repeated : Error::none;
    case Member::ttl:
      return std::exchange(has_ttl_, true) ? Error::ttl_repeated : Error::none;
    case Member::other:
      break;
  }
  return Error::none;
}

Error PutReader::on_key(const JsonEvent& event) {
  if (event.text.size() > kMaxKeyBytes - key_.size()) return Error::key_too_long;
  if (event.begins && event.in_piece) {
    key_ = event.text;
    key_borrowed_ = true;
  } else if (!event.text.empty()) {
    append_to_key(event.text);
  }
  return event.ends ? check_key(key_, *limits_) : Error::none;
}

Error PutReader::on_value(const JsonEvent& event) {
  if (event.text.size() > limits_->max_value_bytes - value_size_) return Error::value_too_large;
  value_size_ += event.text.size();
  escape_bytes_ += event.escape_bytes;
  if (event.begins && event.in_piece) {
    value_ = event.text;
    value_borrowed_ = true;
    return Error::none;
  }
  return event.text.empty() ? Error::none : append_to_value(event.text);
}

Error PutReader::on_ttl(const JsonEvent& event) noexcept {
  if (!event.is_cut) ttl_ = ttl_of(event.text);
  return ttl_ ? Error::none : Error::bad_ttl;
}

Error PutReader::wrong_type() const noexcept {
  switch (member_) {
    case Member::key:
      return Error::key_not_string;
    case Member::value:
      return Error::value_not_string;
    case Member::ttl:
      return Error::bad_ttl;
    case Member::other:
      break;
  }
  return Error::none;
}

void PutReader::append_to_key(std::string_view text) {
  if (std::exchange(key_borrowed_, false)) key_copy_ = key_;
  key_copy_ += text;
  key_ = key_copy_;
}

Error PutReader::append_to_value(std::string_view text) {
  if (std::exchange(value_borrowed_, false) && !value_.empty()) {
    if (const Error error = sink_->append(value_); error != Error::none) return error;
  }
  return text.empty() ? Error::none : sink_->append(text);
}

}  // namespace cubby::protocol
