#include "protocol/form.hpp"

#include <algorithm>
#include <optional>

#include "protocol/hex.hpp"

namespace cubby::protocol {
namespace {

constexpr std::string_view kKey = "key";

// Decodes `text`, which has no bad escape, into buffer[0, capacity). Nothing when it does not fit.
std::optional<std::string_view> decode(std::string_view text, char* buffer, std::size_t capacity) {
  std::size_t size = 0;
  for (std::size_t at = 0; at < text.size(); ++size) {
    if (size == capacity) return std::nullopt;
    if (text[at] == '%') {
      buffer[size] = static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2]));
      at += 3;
    } else {
      buffer[size] = text[at] == '+' ? ' ' : text[at];
      ++at;
    }
  }
  return std::string_view{buffer, size};
}

bool is_encoded(std::string_view text) {
  return text.find_first_of("%+") != std::string_view::npos;
}

bool names_key(std::string_view name) {
  if (!is_encoded(name)) return name == kKey;
  std::array<char, kKey.size()> buffer;
  return decode(name, buffer.data(), buffer.size()) == kKey;
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

Error find_key(const Target& target, KeyBuffer& buffer, std::string_view& key) noexcept {
  std::string_view query = target.query;
  if (target.is_plain) return find_plain_key(query, key);
  if (has_bad_escape(query)) return Error::bad_escape;
  std::optional<std::string_view> found;
  while (!query.empty()) {
    const std::string_view parameter = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(parameter.size() + 1, query.size()));
    const std::string_view name = parameter.substr(0, parameter.find('='));
    if (!names_key(name)) continue;
    if (found) return Error::key_repeated;
    found = parameter.substr(std::min(name.size() + 1, parameter.size()));
  }
  if (!found) return Error::key_missing;
  key = *found;
  if (!is_encoded(key)) return key.size() > kMaxKeyBytes ? Error::key_too_long : Error::none;
  const auto decoded = decode(key, buffer.data(), buffer.size());
  if (!decoded) return Error::key_too_long;
  key = *decoded;
  return Error::none;
}

}  // namespace cubby::protocol
