// Method, path and query, written as "GET /get?key=a". Which operation they ask for, and with which
// key, must be what a second, plainer decoder says.

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
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

struct Answer {
  Error error = Error::none;
  std::string path;  // of the route, when there is one
  std::string key;

  bool operator==(const Answer&) const = default;
};

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

std::optional<std::string> decode(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i] == '+' ? ' ' : text[i];
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

Answer with_key(Answer answer, std::string_view query) {
  if (!decode(query)) return {Error::bad_escape, answer.path, {}};
  std::vector<std::string> keys;
  for (const auto& [name, value] : parameters_of(query)) {
    if (decode(name) == "key") keys.push_back(*decode(value));
  }
  if (keys.empty()) return {Error::key_missing, answer.path, {}};
  if (keys.size() > 1) return {Error::key_repeated, answer.path, {}};
  const std::string& key = keys.front();
  if (key.empty()) return {Error::key_empty, answer.path, {}};
  if (key.size() > cubby::kMaxKeyBytes) return {Error::key_too_long, answer.path, {}};
  if (!is_utf8(key)) return {Error::key_not_utf8, answer.path, {}};
  if (count_characters(key) > kLimits.max_key_length) return {Error::key_too_long, answer.path, {}};
  answer.key = key;
  return answer;
}

// The path with what need not be escaped as it is; a slash that is escaped separates nothing.
std::string plain_path(std::string_view path) {
  std::string result;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('%', begin), path.size());
    result += path.substr(begin, end - begin);
    if (end == path.size()) break;
    const std::string escape(path.substr(end, 3));
    const char c = decode(escape)->front();
    const bool needs_none = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                            std::string_view("-._~").find(c) != std::string_view::npos;
    result += needs_none ? std::string(1, c) : escape;
    begin = end + 3;
  }
  return result;
}

bool serves(std::string_view path, Method method) {
  return path == "/put" ? method == Method::post : method == Method::get || method == Method::head;
}

Answer expected(Method method, std::string_view path, std::string_view query) {
  if (method == Method::unknown || method == Method::connect) {
    return {Error::unknown_method, {}, {}};
  }
  if (!decode(path) || !decode(query)) return {Error::bad_escape, {}, {}};
  const std::string plain = path == "*" ? "*" : plain_path(path);
  constexpr std::array<std::string_view, 6> kPaths{"/get",       "/put",      "/health",
                                                   "/v1/memory", "/v1/stats", "*"};
  if (std::find(kPaths.begin(), kPaths.end(), plain) == kPaths.end()) {
    return {Error::unknown_path, {}, {}};
  }
  if (method == Method::options) return {Error::none, plain, {}};
  if (plain == "*") return {Error::unknown_path, plain, {}};
  if (!serves(plain, method)) return {Error::wrong_method, plain, {}};
  return plain == "/get" ? with_key({Error::none, plain, {}}, query)
                         : Answer{Error::none, plain, {}};
}

Answer got(Method method, const Target& target) {
  KeyBuffer buffer;
  const Operation operation = find_operation(method, target, kLimits, buffer);
  Answer answer{operation.error, std::string(operation.path), {}};
  if (operation.error == Error::none) answer.key = operation.key;
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
  const Answer answer = expected(method, path, query);
  CUBBY_FUZZ_CHECK(got(method, {path, query}) == answer);

  Target read;
  if (take_path_and_query(target, read) < target.size()) return 0;
  CUBBY_FUZZ_CHECK(read.path == path && read.query == query);
  CUBBY_FUZZ_CHECK(got(method, read) == answer);
  return 0;
}
