// Method, path and query, written as "GET /get?key=a". Which operation they ask for, with which key
// and which parameters, must be what a second, plainer decoder says.

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

#include "fuzz/check.hpp"
#include "fuzz/query_model.hpp"
#include "protocol/route.hpp"

namespace {

using namespace cubby::protocol;
using namespace cubby::test;

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
  Method method;
  std::optional<std::vector<std::string>> parameters = std::nullopt;
};

std::vector<std::string> names_in(ParameterSet set) {
  constexpr std::pair<Parameter, const char*> kNames[] = {
      {Parameter::ttl, "ttl"},         {Parameter::by, "by"},         {Parameter::limit, "limit"},
      {Parameter::initial, "initial"}, {Parameter::cursor, "cursor"}, {Parameter::prefix, "prefix"},
      {Parameter::all, "all"},
  };
  std::vector<std::string> names;
  for (const auto& [parameter, name] : kNames) {
    if (set.has(parameter)) names.emplace_back(name);
  }
  return names;
}

// What there is, of which it is to be seen how it is found.
const std::vector<ModelRoute>& model_routes() {
  static const std::vector<ModelRoute> model = [] {
    std::vector<ModelRoute> all;
    for (const Route& route : routes()) {
      ModelRoute& added = all.emplace_back(ModelRoute{route.path.text(), route.method});
      if (route.parameters) added.parameters = names_in(*route.parameters);
    }
    return all;
  }();
  return model;
}

constexpr std::array kMethods{Method::get,   Method::head,    Method::post,
                              Method::put,   Method::delete_, Method::patch,
                              Method::trace, Method::connect, Method::options};

Method method_named(std::string_view name) {
  const auto* const found = std::find_if(kMethods.begin(), kMethods.end(),
                                         [&](Method method) { return name_of(method) == name; });
  return found == kMethods.end() ? Method::unknown : *found;
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
  return route.method == (method == Method::head ? Method::get : method);
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
  if (path == "*" && method == Method::options) {
    answer.path = "*";
    return with(Error::none);
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
  for (const auto& [name, value] :
       Values{{"by", "1"}, {"initial", "0"}, {"limit", "100"}, {"cursor", ""}}) {
    const auto found = answer.values.find(name);
    if (found != answer.values.end() && found->second == value) answer.values.erase(found);
  }
  if (answer.error != Error::none) answer.values.clear();
  return answer;
}

Answer got(Method method, const Target& target) {
  KeyBuffer buffer;
  Operation operation;
  find_operation(method, target, kLimits, buffer, operation);
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
