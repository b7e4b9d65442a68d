// A second, plainer reader of keys and parameters, for fuzz targets to compare with.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <cubby/cache.hpp>

#include "protocol/error.hpp"
#include "protocol/limits.hpp"

namespace cubby::test {

using protocol::Error;

inline constexpr protocol::Limits kLimits{.max_key_length = 16};

// The values of parameters, as numbers and texts that say the same.
using Values = std::map<std::string, std::string>;

// nlohmann's serializer refuses what is not UTF-8.
inline bool is_utf8(const std::string& text) {
  try {
    return !nlohmann::json(text).dump().empty();
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

inline std::size_t count_characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

inline std::optional<std::string> decode(std::string_view text, char plus = ' ') {
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

inline std::vector<std::pair<std::string_view, std::string_view>> parameters_of(
    std::string_view query) {
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

inline Error error_of_key(const std::string& key) {
  if (key.empty()) return Error::key_empty;
  if (key.size() > cubby::kMaxKeyBytes) return Error::key_too_long;
  if (!is_utf8(key)) return Error::key_not_utf8;
  return count_characters(key) > kLimits.max_key_length ? Error::key_too_long : Error::none;
}

// Of a query that has no bad escape.
inline Error find_key_in(std::string_view query, std::string& key) {
  std::vector<std::string> keys;
  for (const auto& [name, value] : parameters_of(query)) {
    if (decode(name) == "key") keys.push_back(*decode(value));
  }
  if (keys.empty()) return Error::key_missing;
  if (keys.size() > 1) return Error::key_repeated;
  key = keys.front();
  return error_of_key(key);
}

inline bool consists_of(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

// A whole number between the two, in decimal as std::to_string() writes it.
inline std::optional<std::string> whole_number(std::string text, bool may_be_negative, double least,
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
inline std::optional<std::string> time_to_live(const std::string& text) {
  if (!consists_of(text, "0123456789.eE+-") || text.starts_with('+')) return std::nullopt;
  char* stop = nullptr;
  const double seconds = std::strtod(text.c_str(), &stop);
  if (stop != text.c_str() + text.size() || seconds < 0.001 || seconds > 315'360'000) {
    return std::nullopt;
  }
  return std::to_string(std::llround(seconds * 1000));
}

// The value of a parameter, or what is wrong with it.
inline Error read_value(const std::string& name, std::string_view sent, Values& values) {
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
    value = sent;
  } else if (name == "prefix") {
    error = Error::bad_prefix;
    if (is_utf8(text) && count_characters(text) <= kLimits.max_key_length) value = text;
  }
  if (!value) return error;
  values[name] = *value;
  return Error::none;
}

// Of a query that has no bad escape.
inline Error read_values(std::string_view query, const std::vector<std::string>& names,
                         Values& values) {
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

}  // namespace cubby::test
