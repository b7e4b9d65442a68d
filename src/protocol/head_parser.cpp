#include "protocol/head_parser.hpp"

#include <cstdint>
#include <functional>
#include <limits>

#include <boost/beast/http/basic_parser.hpp>

#include "protocol/head_memo.hpp"

namespace cubby::protocol {
namespace {

namespace http = boost::beast::http;
using boost::beast::string_view;

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::get;
    case http::verb::head:
      return Method::head;
    case http::verb::post:
      return Method::post;
    case http::verb::put:
      return Method::put;
    case http::verb::delete_:
      return Method::delete_;
    case http::verb::options:
      return Method::options;
    case http::verb::patch:
      return Method::patch;
    case http::verb::trace:
      return Method::trace;
    case http::verb::connect:
      return Method::connect;
    default:
      return Method::unknown;
  }
}

Field field_of(http::field field) {
  switch (field) {
    case http::field::host:
      return Field::host;
    case http::field::connection:
      return Field::connection;
    case http::field::content_length:
      return Field::content_length;
    case http::field::transfer_encoding:
      return Field::transfer_encoding;
    case http::field::expect:
      return Field::expect;
    case http::field::content_encoding:
      return Field::content_encoding;
    case http::field::content_type:
      return Field::content_type;
    case http::field::content_range:
      return Field::content_range;
    case http::field::cache_control:
      return Field::cache_control;
    case http::field::if_match:
      return Field::if_match;
    case http::field::if_none_match:
      return Field::if_none_match;
    case http::field::origin:
      return Field::origin;
    case http::field::access_control_request_method:
      return Field::access_control_request_method;
    default:
      return Field::other;
  }
}

Error our_error(http::error error) {
  switch (error) {
    case http::error::bad_content_length:
    case http::error::multiple_content_length:
      return Error::bad_content_length;
    case http::error::bad_transfer_encoding:
      return Error::bad_transfer_encoding;
    default:
      return Error::bad_field;
  }
}

// Beast's parser reads the syntax of one head and hands out views; what the head means is for
// HeadRules. Beast sees no body: its own reading of the framing fields is laxer than ours.
class BeastParser final : public http::basic_parser<true> {
 public:
  BeastParser(const Limits& limits, RequestHead& head) : rules_(limits, head) {
    skip(true);
    header_limit(std::numeric_limits<std::uint32_t>::max());
  }

  HeadResult parse(std::string_view input) {
    input_ = input;
    boost::beast::error_code problem;
    const std::size_t size = put({input.data(), input.size()}, problem);
    if (error_ != Error::none) return {HeadResult::Status::refused, error_};
    if (!problem) return {HeadResult::Status::complete, Error::none, size};
    if (!has_request_line_) return judge_start();
    if (problem == http::error::need_more) return {HeadResult::Status::incomplete};
    return {HeadResult::Status::refused, our_error(static_cast<http::error>(problem.value()))};
  }

 private:
  // A line that is whole and did not parse never will.
  HeadResult judge_start() const {
    const std::size_t end = input_.find('\n');
    if (end == std::string_view::npos) return {HeadResult::Status::incomplete};
    const std::string_view line = input_.substr(0, end);
    return {HeadResult::Status::refused, line.ends_with('\r')
                                             ? judge_request_line(line.substr(0, end - 1))
                                             : Error::bad_request_line};
  }

  void note(Error error, boost::beast::error_code& problem) {
    error_ = error;
    if (error != Error::none) problem = http::error::bad_value;
  }

  // Beast joins folded lines, in a buffer of its own unless the first of them is blank.
  bool is_folded(std::string_view name, std::string_view value) const {
    const std::less<const char*> before;
    if (before(value.data(), input_.data()) ||
        !before(value.data(), input_.data() + input_.size())) {
      return true;
    }
    const char* const gap = name.data() + name.size();
    return std::string_view{gap, static_cast<std::size_t>(value.data() - gap)}.find('\n') !=
           std::string_view::npos;
  }

  void on_request_impl(http::verb verb, string_view, string_view target, int version,
                       boost::beast::error_code& problem) override {
    has_request_line_ = true;
    note(rules_.take_request_line(method_of(verb), target, version == 10), problem);
  }

  void on_field_impl(http::field field, string_view name, string_view value,
                     boost::beast::error_code& problem) override {
    note(is_folded(name, value) ? Error::folded_field : rules_.take_field(field_of(field), value),
         problem);
  }

  void on_header_impl(boost::beast::error_code& problem) override {
    note(rules_.finish(), problem);
  }

  void on_response_impl(int, string_view, int, boost::beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&,
                         boost::beast::error_code&) override {}
  std::size_t on_body_impl(string_view body, boost::beast::error_code&) override {
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, boost::beast::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body,
                                 boost::beast::error_code&) override {
    return body.size();
  }
  void on_finish_impl(boost::beast::error_code&) override {}

  HeadRules rules_;
  std::string_view input_;
  Error error_ = Error::none;
  bool has_request_line_ = false;
};

HeadResult parse_once(std::string_view input, const Limits& limits, RequestHead& head) {
  head = {};
  return BeastParser(limits, head).parse(input);
}

// What to say of a head whose first max_header_bytes do not hold its end.
Error too_large(std::string_view span) {
  if (span.find('\n') != std::string_view::npos) return Error::head_too_large;
  const std::size_t target = span.find(' ');
  const bool in_target =
      target != std::string_view::npos && span.find(' ', target + 1) == std::string_view::npos;
  return in_target ? Error::target_too_long : Error::bad_request_line;
}

}  // namespace

HeadResult HeadParser::parse(std::string_view input, const Limits& limits, HeadMemo* memo,
                             RequestHead& head) {
  if (memo == nullptr) return read(input, limits, head);
  // Of a head that comes in small pieces the target would be looked at again with each of them.
  if (!begun()) {
    const std::size_t size = memo->recall(input, limits, head);
    if (size > 0) return {HeadResult::Status::complete, Error::none, size};
  }
  const HeadResult result = read(input, limits, head);
  if (result.status == HeadResult::Status::complete) {
    memo->keep(input.substr(0, result.size), limits, head);
  }
  return result;
}

HeadResult HeadParser::read(std::string_view input, const Limits& limits, RequestHead& head) {
  const std::string_view span = input.substr(0, limits.max_header_bytes);
  const bool is_full = span.size() == limits.max_header_bytes;
  if (begun() && !is_full && span.find('\n', seen_) == std::string_view::npos) {
    seen_ = span.size();
    return {HeadResult::Status::incomplete};
  }
  HeadResult result = parse_once(span, limits, head);
  if (result.status == HeadResult::Status::refused && !is_full) {
    result = parse_once(span.substr(0, span.rfind('\n') + 1), limits, head);
  }
  if (result.status == HeadResult::Status::incomplete && is_full) {
    result = {HeadResult::Status::refused, too_large(span)};
  }
  seen_ = result.status == HeadResult::Status::incomplete ? span.size() : 0;
  return result;
}

}  // namespace cubby::protocol
