#include "protocol/form.hpp"

#include <algorithm>
#include <optional>

#include "protocol/hex.hpp"

namespace cubby::protocol {
namespace {

constexpr std::string_view kKey = "key";

bool is_encoded(std::string_view text, bool plus_is_space) {
  const std::size_t code = plus_is_space ? text.find_first_of("%+") : text.find('%');
  return code != std::string_view::npos;
}

std::optional<std::string_view> decode(std::string_view text, std::span<char> buffer,
                                       bool plus_is_space) {
  if (!is_encoded(text, plus_is_space)) return text;
  std::size_t size = 0;
  for (std::size_t at = 0; at < text.size(); ++size) {
    if (size == buffer.size()) return std::nullopt;
    if (text[at] == '%') {
      buffer[size] = static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2]));
      at += 3;
    } else {
      buffer[size] = text[at] == '+' && plus_is_space ? ' ' : text[at];
      ++at;
    }
  }
  return std::string_view{buffer.data(), size};
}

// With nothing encoded, and no second parameter.
Error find_plain_key(std::string_view query, std::string_view& key) {
  if (!query.starts_with(kKey)) return Error::key_missing;
  key = query.substr(kKey.size());
  if (!key.empty() && key.front() != '=') return Error::key_missing;
  key.remove_prefix(std::min<std::size_t>(1, key.size()));
  return key.size() > kMaxKeyBytes ? Error::key_too_long : Error::none;
}

}  // namespace

std::optional<std::string_view> decode_form(std::string_view text,
                                            std::span<char> buffer) noexcept {
  return decode(text, buffer, true);
}

std::optional<std::string_view> decode_segment(std::string_view text,
                                               std::span<char> buffer) noexcept {
  return decode(text, buffer, false);
}

FormParameter take_parameter(std::string_view& query) noexcept {
  const std::string_view parameter = query.substr(0, query.find('&'));
  query.remove_prefix(std::min(parameter.size() + 1, query.size()));
  const std::string_view name = parameter.substr(0, parameter.find('='));
  return {name, parameter.substr(std::min(name.size() + 1, parameter.size()))};
}

bool is_named(const FormParameter& parameter, std::string_view name) noexcept {
  std::array<char, 16> buffer;
  return decode_form(parameter.name, buffer) == name;
}

Error find_key(const Target& target, KeyBuffer& buffer, std::string_view& key) noexcept {
  std::string_view query = target.query;
  if (target.is_plain) return find_plain_key(query, key);
  if (has_bad_escape(query)) return Error::bad_escape;
  std::optional<std::string_view> found;
  while (!query.empty()) {
    const FormParameter parameter = take_parameter(query);
    if (!is_named(parameter, kKey)) continue;
    if (found) return Error::key_repeated;
    found = parameter.value;
  }
  if (!found) return Error::key_missing;
  const auto decoded = decode_form(*found, buffer);
  if (!decoded || decoded->size() > kMaxKeyBytes) return Error::key_too_long;
  key = *decoded;
  return Error::none;
}

}  // namespace cubby::protocol
