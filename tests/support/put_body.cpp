#include "support/put_body.hpp"

#include <cmath>
#include <cstdint>
#include <utility>

#include <nlohmann/json.hpp>

#include "protocol/json_escape.hpp"
#include "protocol/json_scanner.hpp"
#include "protocol/key.hpp"
#include "protocol/plain_put.hpp"
#include "protocol/put_reader.hpp"
#include "support/json_trace.hpp"

namespace cubby::test {
namespace {

using protocol::Error;
using protocol::Limits;

struct StringSink final : protocol::ValueSink {
  Error append(std::string_view piece) override {
    if (piece.empty()) text += "broken: empty";
    text += piece;
    return Error::none;
  }

  std::string text;
};

// Takes what nlohmann's parser finds, and stops at the first thing that is wrong.
class Reference {
 public:
  explicit Reference(const Limits& limits) : limits_(limits) {}

  bool is_out_of_range() const { return is_out_of_range_; }

  PutBody result() {
    if (result_.error == Error::none && !has_key_) result_.error = Error::key_missing;
    if (result_.error == Error::none && !has_value_) result_.error = Error::value_missing;
    return result_.error == Error::none ? result_ : PutBody{.error = result_.error};
  }

  bool null() { return scalar(); }
  bool boolean(bool) { return scalar(); }
  bool number_integer(std::int64_t number) { return any_number(static_cast<double>(number)); }
  bool number_unsigned(std::uint64_t number) { return any_number(static_cast<double>(number)); }
  bool number_float(double number, const std::string& token) {
    return token.size() > protocol::JsonScanner::kMaxNumberChars ? scalar() : any_number(number);
  }
  bool binary(nlohmann::json::binary_t&) { return false; }

  bool string(const std::string& text) {
    if (depth_ == 1 && member_ == "key") {
      result_.key = text;
      return check(protocol::check_key(text, limits_));
    }
    if (depth_ == 1 && member_ == "value") {
      result_.value = text;
      result_.escaped_value_size = protocol::escaped_size(text);
      return check(text.size() > limits_.max_value_bytes ? Error::value_too_large : Error::none);
    }
    return scalar();
  }

  bool key(const std::string& name) {
    if (depth_ > 1) return true;
    member_ = name;
    if (name == "key" && std::exchange(has_key_, true)) return check(Error::key_repeated);
    if (name == "value" && std::exchange(has_value_, true)) return check(Error::value_repeated);
    if (name == "ttl" && std::exchange(has_ttl_, true)) return check(Error::ttl_repeated);
    return true;
  }

  bool start_object(std::size_t) { return (depth_ == 0 || scalar()) && enter(); }
  bool start_array(std::size_t) { return scalar() && enter(); }
  bool end_object() { return depth_-- > 0; }
  bool end_array() { return depth_-- > 0; }

  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) {
    constexpr int kNumberOutOfRange = 406;
    is_out_of_range_ = error.id == kNumberOutOfRange;
    return check(Error::bad_json);
  }

 private:
  bool check(Error error) {
    result_.error = error;
    return error == Error::none;
  }

  // Something that neither the key nor the value nor the ttl may be.
  bool scalar() {
    if (depth_ == 0) return check(Error::json_not_object);
    if (depth_ > 1) return true;
    if (member_ == "key") return check(Error::key_not_string);
    if (member_ == "value") return check(Error::value_not_string);
    return check(member_ == "ttl" ? Error::bad_ttl : Error::none);
  }

  bool any_number(double number) {
    if (depth_ != 1 || member_ != "ttl") return scalar();
    if (!(number >= 0.001 && number <= 315'360'000)) return check(Error::bad_ttl);
    result_.ttl = std::chrono::milliseconds(std::llround(number * 1000));
    return true;
  }

  bool enter() {
    if (depth_ == limits_.max_json_depth) return check(Error::json_too_deep);
    ++depth_;
    return true;
  }

  const Limits& limits_;
  PutBody result_;
  std::size_t depth_ = 0;
  std::string member_;
  bool has_key_ = false;
  bool has_value_ = false;
  bool has_ttl_ = false;
  bool is_out_of_range_ = false;
};

}  // namespace

PutBody read_put(std::string_view body, const Limits& limits, const std::vector<std::size_t>& cuts,
                 bool kept) {
  StringSink sink;
  protocol::PutReader reader(limits, sink);
  if (kept) {
    for_each_piece(body, cuts, [&](std::string_view piece) {
      reader.take(piece);
      reader.keep();
    });
  } else {
    std::size_t begin = 0;
    for (const std::size_t cut : cuts) {
      reader.take(body.substr(begin, cut - begin));
      begin = cut;
    }
    reader.take(body.substr(begin));
  }
  PutBody result{.error = reader.finish()};
  if (result.error != Error::none) return result;
  if (reader.value_borrowed() && !sink.text.empty()) sink.text += "broken: borrowed";
  result.key = reader.key();
  result.value = reader.value_borrowed() ? std::string(reader.borrowed_value()) : sink.text;
  result.ttl = reader.ttl();
  result.escaped_value_size = reader.escaped_value_size();
  if (reader.value_size() != result.value.size()) result.value += "broken: size";
  return result;
}

std::optional<PutBody> read_plain(std::string_view body, const Limits& limits) {
  const auto plain = protocol::read_plain_put(body, limits);
  if (!plain) return std::nullopt;
  return PutBody{.key = std::string(plain->key),
                 .value = std::string(plain->value),
                 .escaped_value_size = plain->value.size()};
}

std::optional<PutBody> reference_put(std::string_view body, const Limits& limits) {
  if (body.starts_with("\xEF\xBB\xBF") || body.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  Reference reference(limits);
  nlohmann::json::sax_parse(body, &reference);
  if (reference.is_out_of_range()) return std::nullopt;
  return reference.result();
}

bool agrees(const PutBody& got, const PutBody& reference) {
  if (got == reference) return true;
  const auto is_bad = [](const PutBody& body) { return body.error == Error::bad_json; };
  return got.error != Error::none && reference.error != Error::none &&
         (is_bad(got) || is_bad(reference));
}

}  // namespace cubby::test
