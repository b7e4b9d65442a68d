#include "protocol/parameters.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "protocol/ttl.hpp"
#include "protocol/uri.hpp"
#include "protocol/utf8.hpp"

namespace cubby::protocol {
namespace {

// A value that is no prefix and no cursor has at most so many characters, like a number in JSON.
constexpr std::size_t kValueBytes = 64;

struct Named {
  std::string_view name;
  Parameter parameter;
};

constexpr std::array kNames{
    Named{"ttl", Parameter::ttl},         Named{"by", Parameter::by},
    Named{"initial", Parameter::initial}, Named{"prefix", Parameter::prefix},
    Named{"limit", Parameter::limit},     Named{"cursor", Parameter::cursor},
    Named{"all", Parameter::all},
};

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, number);
  return problem == std::errc{} && stop == end;
}

Error read_prefix(std::string_view text, const Limits& limits, KeyBuffer& buffer,
                  Parameters& parameters) {
  const auto prefix = decode_form(text, buffer);
  if (!prefix) return Error::bad_prefix;
  const auto length = count_code_points(*prefix);
  if (!length || *length > limits.max_key_length) return Error::bad_prefix;
  parameters.prefix = *prefix;
  return Error::none;
}

Error read_value(Parameter parameter, std::string_view text, Parameters& parameters) {
  switch (parameter) {
    case Parameter::ttl:
      parameters.ttl = ttl_of(text);
      return parameters.ttl ? Error::none : Error::bad_ttl;
    case Parameter::by:
      return read_number(text, parameters.by) ? Error::none : Error::bad_number;
    case Parameter::initial:
      return read_number(text, parameters.initial) ? Error::none : Error::bad_number;
    case Parameter::limit: {
      const bool is_limit = read_number(text, parameters.limit) && parameters.limit >= 1 &&
                            parameters.limit <= kMostListed;
      return is_limit ? Error::none : Error::bad_limit;
    }
    case Parameter::all:
      parameters.all = text == "true";
      return parameters.all ? Error::none : Error::bad_flag;
    default:
      return Error::none;
  }
}

Error read(Parameter parameter, std::string_view text, const Limits& limits, KeyBuffer& buffer,
           Parameters& parameters) {
  if (parameter == Parameter::prefix) return read_prefix(text, limits, buffer, parameters);
  if (parameter == Parameter::cursor) {
    // None is what the first page is asked for with.
    parameters.cursor = text;
    return Error::none;
  }
  std::array<char, kValueBytes> space;
  const std::string_view value = decode_form(text, space).value_or(std::string_view());
  // What is longer is none of the values that are allowed, encoded or not, as little as nothing is.
  return read_value(parameter, value.size() > kValueBytes ? std::string_view() : value, parameters);
}

}  // namespace

Error read_parameters(std::string_view query, ParameterSet allowed, const Limits& limits,
                      KeyBuffer& buffer, Parameters& parameters) noexcept {
  if (has_bad_escape(query)) return Error::bad_escape;
  unsigned seen = 0;
  while (!query.empty()) {
    const FormParameter given = take_parameter(query);
    if (given.name.empty() && given.value.empty()) continue;
    const auto* const known = std::find_if(kNames.begin(), kNames.end(), [&](const Named& named) {
      return is_named(given, named.name);
    });
    if (known == kNames.end() || !allowed.has(known->parameter)) return Error::unknown_parameter;
    const unsigned bit = 1U << static_cast<unsigned>(known->parameter);
    if ((seen & bit) != 0) return Error::repeated_parameter;
    seen |= bit;
    const Error error = read(known->parameter, given.value, limits, buffer, parameters);
    if (error != Error::none) return error;
  }
  return Error::none;
}

}  // namespace cubby::protocol
