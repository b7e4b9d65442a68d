// Method, path and query, written as "GET /get?key=a". Which operation they ask for, with which key
// and which parameters, must be what a second, plainer decoder says.

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "fuzz/check.hpp"
#include "protocol/route.hpp"

namespace {

using namespace cubby::protocol;

constexpr Limits kLimits{.max_key_length = 16};

// The values of parameters, as numbers and texts that say the same.
using Values = std::map<std::string, std::string>;

struct Answer {
  Error error = Error::none;
  std::string path = {};  // of the route, when there is one
  bool is_v1 = false;
  std::string key = {};
  Values values = {};

  bool operator==(const Answer&) const = default;
};

struct ModelRoute {
  std::string_view path;
  std::vector<Method> methods;
  std::optional<std::vector<std::string>> parameters = std::nullopt;
};

const std::vector<ModelRoute>& model_routes() {
  using Names = std::vector<std::string>;
  static const std::vector<ModelRoute> routes{
      {"/get", {Method::get}},
      {"/put", {Method::post}},
      {"/health", {Method::get}},
      {"/openapi.yaml", {Method::get}},
      {"/v1/memory", {Method::get}},
      {"/v1/stats", {Method::get}},
      {"/v1/keys", {Method::get}, Names{"prefix", "limit", "cursor"}},
      {"/v1/keys", {Method::delete_}, Names{"prefix", "all"}},
      {"/v1/batch", {Method::post}, Names{}},
      {"/v1/keys/{key}", {Method::get, Method::put}, Names{"ttl"}},
      {"/v1/keys/{key}", {Method::delete_}, Names{}},
      {"/v1/keys/{key}/incr", {Method::post}, Names{"by", "initial", "ttl"}},
      {"/v1/keys/{key}/append", {Method::post}, Names{}},
      {"/v1/keys/{key}/prepend", {Method::post}, Names{}},
      {"/v1/keys/{key}/touch", {Method::post}, Names{"ttl"}},
      {"/v1/keys/{key}/take", {Method::post}, Names{}},
  };
  return routes;
}

constexpr std::array kMethods{Method::get,   Method::head,    Method::post,
                              Method::put,   Method::delete_, Method::patch,
                              Method::trace, Method::connect, Method::options};

Method method_named(std::string_view name) {
  const auto* const found = std::find_if(kMethods.begin(), kMethods.end(),
                                         [&](Method method) { return name_of(method) == name; });
  return found == kMethods.end() ? Method::unknown : *found;
}

// nlohmann's serializer refuses what is not UTF-8.
bool is_utf8(const std::string& text) {
  try {
    return !nlohmann::json(text).dump().empty();
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

std::size_t count_characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::optional<std::string> decode(std::string_view text, char plus = ' ') {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i] == '+' ? plus : text[i];
      continue;
    }
    const std::string digits(text.substr(i + 1, 2));
    if (digits.size() < 2 ||
        digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
      return std::nullopt;
    }
    result += static_cast<char>(std::stoi(digits, nullptr, 16));
    i += 2;
  }
  return result;
}

std::vector<std::pair<std::string_view, std::string_view>> parameters_of(std::string_view query) {
  std::vector<std::pair<std::string_view, std::string_view>> parameters;
  for (std::size_t begin = 0; begin <= query.size();) {
    const std::size_t end = std::min(query.find('&', begin), query.size());
    const std::string_view parameter = query.substr(begin, end - begin);
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    parameters.emplace_back(parameter.substr(0, equals),
                            parameter.substr(std::min(equals + 1, parameter.size())));
    begin = end + 1;
  }
  return parameters;
}

Error error_of_key(const std::string& key) {
  if (key.empty()) return Error::key_empty;
  if (key.size() > cubby::kMaxKeyBytes) return Error::key_too_long;
  if (!is_utf8(key)) return Error::key_not_utf8;
  return count_characters(key) > kLimits.max_key_length ? Error::key_too_long : Error::none;
}

// Of a query that has no bad escape.
Error find_key_in(std::string_view query, std::string& key) {
  std::vector<std::string> keys;
  for (const auto& [name, value] : parameters_of(query)) {
    if (decode(name) == "key") keys.push_back(*decode(value));
  }
  if (keys.empty()) return Error::key_missing;
  if (keys.size() > 1) return Error::key_repeated;
  key = keys.front();
  return error_of_key(key);
}

bool consists_of(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

// A whole number between the two, in decimal as std::to_string() writes it.
std::optional<std::string> whole_number(std::string text, bool may_be_negative, double least,
                                        double most) {
  const bool is_negative = may_be_negative && text.starts_with('-');
  if (is_negative) text.erase(0, 1);
  if (!consists_of(text, "0123456789")) return std::nullopt;
  text.erase(0, std::min(text.find_first_not_of('0'), text.size() - 1));
  if (is_negative && text != "0") text.insert(0, "-");
  // Of nineteen digits a double knows too little: the text tells.
  const double number = std::strtod(text.c_str(), nullptr);
  if (number < least || number > most) return std::nullopt;
  const std::string digits = text.substr(text.starts_with('-') ? 1 : 0);
  const std::string_view limit =
      text.starts_with('-') ? "9223372036854775808" : "9223372036854775807";
  if (digits.size() > limit.size() || (digits.size() == limit.size() && digits > limit)) {
    return std::nullopt;
  }
  return text;
}

// In milliseconds.
std::optional<std::string> time_to_live(const std::string& text) {
  if (!consists_of(text, "0123456789.eE+-") || text.starts_with('+')) return std::nullopt;
  char* stop = nullptr;
  const double seconds = std::strtod(text.c_str(), &stop);
  if (stop != text.c_str() + text.size() || seconds < 0.001 || seconds > 315'360'000) {
    return std::nullopt;
  }
  return std::to_string(std::llround(seconds * 1000));
}

// The value of a parameter, or what is wrong with it.
Error read_value(const std::string& name, std::string_view sent, Values& values) {
  constexpr double kAny = std::numeric_limits<double>::infinity();
  const std::string text = *decode(sent);
  const bool is_short = text.size() <= 64;
  std::optional<std::string> value;
  Error error = Error::none;
  if (name == "ttl") {
    error = Error::bad_ttl;
    if (is_short) value = time_to_live(text);
  } else if (name == "by" || name == "initial") {
    error = Error::bad_number;
    if (is_short) value = whole_number(text, true, -kAny, kAny);
  } else if (name == "limit") {
    error = Error::bad_limit;
    if (is_short) value = whole_number(text, false, 1, 1000);
  } else if (name == "all") {
    error = Error::bad_flag;
    if (text == "true") value = text;
  } else if (name == "cursor") {
    error = Error::bad_cursor;
    if (!sent.empty()) value = sent;
  } else if (name == "prefix") {
    error = Error::bad_prefix;
    if (is_utf8(text) && count_characters(text) <= kLimits.max_key_length) value = text;
  }
  if (!value) return error;
  values[name] = *value;
  return Error::none;
}

// Of a query that has no bad escape.
Error read_values(std::string_view query, const std::vector<std::string>& names, Values& values) {
  std::vector<std::string> seen;
  for (const auto& [name, value] : parameters_of(query)) {
    if (name.empty() && value.empty()) continue;
    const std::string decoded = *decode(name);
    if (std::find(names.begin(), names.end(), decoded) == names.end()) {
      return Error::unknown_parameter;
    }
    if (std::find(seen.begin(), seen.end(), decoded) != seen.end()) {
      return Error::repeated_parameter;
    }
    seen.push_back(decoded);
    const Error error = read_value(decoded, value, values);
    if (error != Error::none) return error;
  }
  return Error::none;
}

// The text with what need not be escaped as it is; a slash that is escaped separates nothing.
std::string plain(std::string_view text) {
  std::string result;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto decoded = text[begin] == '%' ? decode(text.substr(begin, 3)) : std::nullopt;
    const bool needs_none =
        decoded && (std::isalnum(static_cast<unsigned char>(decoded->front())) != 0 ||
                    std::string_view("-._~").find(decoded->front()) != std::string_view::npos);
    result += needs_none ? decoded->front() : text[begin];
    begin += needs_none ? 3 : 1;
  }
  return result;
}

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    segments.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return segments;
}

// Whether the path is that of the route; `key` becomes the segment that stands for it.
bool is_path_of(const ModelRoute& route, std::string_view path,
                std::optional<std::string_view>& key) {
  const auto sent = segments_of(path);
  const auto wanted = segments_of(route.path);
  if (sent.size() != wanted.size()) return false;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    if (wanted[i] == "{key}") {
      key = sent[i];
    } else if (plain(sent[i]) != wanted[i]) {
      return false;
    }
  }
  return true;
}

bool serves(const ModelRoute& route, Method method) {
  const Method meant = method == Method::head ? Method::get : method;
  return std::find(route.methods.begin(), route.methods.end(), meant) != route.methods.end();
}

Answer expected(Method method, std::string_view path, std::string_view query) {
  const auto segments = segments_of(path);
  Answer answer;
  answer.is_v1 = segments.size() > 1 && segments[0].empty() && plain(segments[1]) == "v1";
  const auto with = [&answer](Error error) {
    answer.error = error;
    if (error != Error::none) answer.key.clear();
    return answer;
  };
  if (method == Method::unknown || method == Method::connect) return with(Error::unknown_method);
  if (!decode(path) || !decode(query)) return with(Error::bad_escape);
  if (path == "*") {
    answer.path = "*";
    return with(method == Method::options ? Error::none : Error::unknown_path);
  }
  const ModelRoute* route = nullptr;
  std::optional<std::string_view> segment;
  for (const ModelRoute& candidate : model_routes()) {
    if (!is_path_of(candidate, path, segment)) continue;
    answer.path = candidate.path;
    if (serves(candidate, method)) route = &candidate;
  }
  if (answer.path.empty()) return with(Error::unknown_path);
  if (method == Method::options) return with(Error::none);
  if (route == nullptr) return with(Error::wrong_method);
  Error error = Error::none;
  if (answer.path == "/get") error = find_key_in(query, answer.key);
  if (segment) {
    answer.key = *decode(*segment, '+');
    error = error_of_key(answer.key);
  }
  if (error == Error::none && route->parameters) {
    error = read_values(query, *route->parameters, answer.values);
  }
  return with(error);
}

// What is not as it is when nothing is said.
Values values_of(const Parameters& parameters) {
  Values values;
  if (parameters.ttl) values["ttl"] = std::to_string(parameters.ttl->count());
  if (parameters.prefix) values["prefix"] = *parameters.prefix;
  if (!parameters.cursor.empty()) values["cursor"] = parameters.cursor;
  if (parameters.by != 1) values["by"] = std::to_string(parameters.by);
  if (parameters.initial != 0) values["initial"] = std::to_string(parameters.initial);
  if (parameters.limit != 100) values["limit"] = std::to_string(parameters.limit);
  if (parameters.all) values["all"] = "true";
  return values;
}

// To say what is so anyway says nothing.
Answer without_defaults(Answer answer) {
  for (const auto& [name, value] : Values{{"by", "1"}, {"initial", "0"}, {"limit", "100"}}) {
    const auto found = answer.values.find(name);
    if (found != answer.values.end() && found->second == value) answer.values.erase(found);
  }
  if (answer.error != Error::none) answer.values.clear();
  return answer;
}

Answer got(Method method, const Target& target) {
  KeyBuffer buffer;
  const Operation operation = find_operation(method, target, kLimits, buffer);
  Answer answer{operation.error, std::string(operation.path), operation.is_v1};
  if (operation.error != Error::none) return answer;
  answer.key = operation.key;
  answer.values = values_of(operation.parameters);
  return answer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t space = std::min(input.find(' '), input.size());
  const Method method = method_named(input.substr(0, space));
  const std::string_view target = input.substr(std::min(space + 1, size));
  const std::size_t question = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, question);
  const std::string_view query = target.substr(std::min(question + 1, target.size()));
  const Answer answer = without_defaults(expected(method, path, query));
  CUBBY_FUZZ_CHECK(got(method, {path, query}) == answer);

  Target read;
  if (take_path_and_query(target, read) < target.size()) return 0;
  CUBBY_FUZZ_CHECK(read.path == path && read.query == query);
  CUBBY_FUZZ_CHECK(got(method, read) == answer);
  return 0;
}
