#include "support/json_trace.hpp"

#include <cstdint>
#include <exception>

#include <nlohmann/json.hpp>

#include "protocol/json_scanner.hpp"

namespace cubby::test {
namespace {

using protocol::Error;
using protocol::JsonEvent;
using protocol::JsonScanner;
using Kind = JsonEvent::Kind;

class Tracer {
 public:
  explicit Tracer(std::string& events) : events_(events) {}

  void set_piece(std::string_view piece) { piece_ = piece; }

  Error operator()(const JsonEvent& event) {
    switch (event.kind) {
      case Kind::begin_object:
        return line("{");
      case Kind::end_object:
        return line("}");
      case Kind::begin_array:
        return line("[");
      case Kind::end_array:
        return line("]");
      case Kind::name:
      case Kind::string:
        return text(event);
      case Kind::number:
        if (event.text.size() > JsonScanner::kMaxNumberChars) line("broken: number");
        return line("#" + std::string(event.text) + (event.is_cut ? "~" : ""));
      case Kind::literal:
        return line(std::string(event.text));
      case Kind::none:
        break;
    }
    return line("broken: kind");
  }

  void end() {
    if (in_text_) events_ += text_;
  }

 private:
  Error line(const std::string& text) {
    if (in_text_) events_ += "broken: in text\n";
    events_ += text + "\n";
    return Error::none;
  }

  Error text(const JsonEvent& event) {
    if (event.begins == in_text_) events_ += "broken: begins\n";
    if (event.text.empty() && !event.ends) events_ += "broken: empty\n";
    const bool is_in_piece =
        event.text.empty() ||
        (event.text.data() >= piece_.data() && event.text.data() < piece_.data() + piece_.size());
    if (event.in_piece && !is_in_piece) events_ += "broken: not in the piece\n";
    if (event.begins) text_.clear();
    text_ += event.text;
    in_text_ = !event.ends;
    if (!event.ends) return Error::none;
    return line((event.kind == Kind::name ? "N" : "S") + std::to_string(text_.size()) + ":" +
                text_);
  }

  std::string& events_;
  std::string_view piece_;
  std::string text_;
  bool in_text_ = false;
};

// Writes the same from what nlohmann's parser finds.
class ReferenceTracer {
 public:
  explicit ReferenceTracer(std::string& events) : events_(events) {}

  bool is_out_of_range() const { return is_out_of_range_; }

  bool null() { return line("null"); }
  bool boolean(bool value) { return line(value ? "true" : "false"); }
  bool number_integer(std::int64_t value) { return line("#" + std::to_string(value)); }
  bool number_unsigned(std::uint64_t value) { return line("#" + std::to_string(value)); }
  bool number_float(double, const std::string& token) {
    const bool is_long = token.size() > JsonScanner::kMaxNumberChars;
    return line("#" + token.substr(0, JsonScanner::kMaxNumberChars) + (is_long ? "~" : ""));
  }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool string(const std::string& text) {
    return line("S" + std::to_string(text.size()) + ":" + text);
  }
  bool key(const std::string& text) { return line("N" + std::to_string(text.size()) + ":" + text); }
  bool start_object(std::size_t) { return line("{"); }
  bool end_object() { return line("}"); }
  bool start_array(std::size_t) { return line("["); }
  bool end_array() { return line("]"); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) {
    constexpr int kNumberOutOfRange = 406;
    is_out_of_range_ = error.id == kNumberOutOfRange;
    return false;
  }

 private:
  bool line(const std::string& text) {
    events_ += text + "\n";
    return true;
  }

  std::string& events_;
  bool is_out_of_range_ = false;
};

}  // namespace

JsonTrace scan(std::string_view text, const std::vector<std::size_t>& cuts, std::size_t max_depth) {
  JsonTrace trace;
  JsonScanner scanner(max_depth);
  Tracer tracer(trace.events);
  for_each_piece(text, cuts, [&](std::string_view piece) {
    if (trace.error != Error::none) return;
    tracer.set_piece(piece);
    trace.error = scanner.take(piece, tracer);
  });
  if (trace.error == Error::none) trace.error = scanner.finish(tracer);
  tracer.end();
  return trace;
}

std::optional<JsonTrace> reference_scan(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF") || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  JsonTrace trace;
  ReferenceTracer tracer(trace.events);
  if (nlohmann::json::sax_parse(text, &tracer)) return trace;
  if (tracer.is_out_of_range()) return std::nullopt;
  return JsonTrace{Error::bad_json, ""};
}

std::vector<std::size_t> every_cut(std::size_t size) {
  std::vector<std::size_t> cuts;
  for (std::size_t cut = 1; cut < size; ++cut) cuts.push_back(cut);
  return cuts;
}

}  // namespace cubby::test
