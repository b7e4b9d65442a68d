#include "protocol/put_arguments.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

#include <nlohmann/json.hpp>

#include "protocol/key.hpp"

namespace cubby::protocol {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Takes what nlohmann's parser finds. A false answer ends the parse; error() then says why.
class PutHandler {
 public:
  PutHandler(const Limits& limits, PutArguments& arguments)
      : limits_(limits), arguments_(arguments) {}

  Error error() const { return error_; }
  bool has_key() const { return has_key_; }
  bool has_value() const { return has_value_; }

  bool null() { return scalar(); }
  bool boolean(bool) { return scalar(); }
  bool number_integer(std::int64_t) { return scalar(); }
  bool number_unsigned(std::uint64_t) { return scalar(); }
  bool number_float(double, const std::string&) { return scalar(); }
  bool binary(Json::binary_t&) { return scalar(); }

  bool string(std::string& text) {
    if (depth_ == 0) return fail(Error::json_not_object);
    if (depth_ > 1) return true;
    switch (member_) {
      case Member::key:
        arguments_.key = std::move(text);
        break;
      case Member::value:
        arguments_.value = std::move(text);
        break;
      case Member::other:
        break;
    }
    return true;
  }

  bool key(std::string& name) {
    if (depth_ > 1) return true;
    member_ = Member::other;
    if (name == "key") {
      member_ = Member::key;
      if (std::exchange(has_key_, true)) return fail(Error::key_repeated);
    } else if (name == "value") {
      member_ = Member::value;
      if (std::exchange(has_value_, true)) return fail(Error::value_repeated);
    }
    return true;
  }

  bool start_object(std::size_t) { return depth_ == 0 ? enter() : scalar() && enter(); }
  bool start_array(std::size_t) { return scalar() && enter(); }
  bool end_object() { return leave(); }
  bool end_array() { return leave(); }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) {
    return fail(Error::bad_json);
  }

 private:
  enum class Member : std::uint8_t { other, key, value };

  bool fail(Error error) {
    error_ = error;
    return false;
  }

  // A value that is not a string.
  bool scalar() {
    if (depth_ == 0) return fail(Error::json_not_object);
    if (depth_ > 1 || member_ == Member::other) return true;
    return fail(member_ == Member::key ? Error::key_not_string : Error::value_not_string);
  }

  bool enter() {
    if (depth_ == limits_.max_json_depth) return fail(Error::json_too_deep);
    ++depth_;
    return true;
  }

  bool leave() {
    --depth_;
    return true;
  }

  const Limits& limits_;
  PutArguments& arguments_;
  std::size_t depth_ = 0;
  Member member_ = Member::other;
  bool has_key_ = false;
  bool has_value_ = false;
  Error error_ = Error::bad_json;
};

}  // namespace

Error parse_put_arguments(std::string_view body, const Limits& limits, PutArguments& arguments) {
  // The parser skips a byte order mark and takes a NUL between tokens for the end of its input;
  // neither is JSON.
  if (body.starts_with(kByteOrderMark) || body.find('\0') != std::string_view::npos) {
    return Error::bad_json;
  }
  PutHandler handler(limits, arguments);
  if (!Json::sax_parse(body, &handler)) return handler.error();
  if (!handler.has_key()) return Error::key_missing;
  if (!handler.has_value()) return Error::value_missing;
  if (const Error error = check_key(arguments.key, limits); error != Error::none) return error;
  if (arguments.value.size() > limits.max_value_bytes) return Error::value_too_large;
  return Error::none;
}

}  // namespace cubby::protocol
