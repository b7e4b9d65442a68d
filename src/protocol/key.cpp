#include "protocol/key.hpp"

#include <cubby/cache.hpp>

#include "protocol/utf8.hpp"

namespace cubby::protocol {
namespace {

Error check_length(std::string_view key, std::size_t code_points, const Limits& limits) {
  if (key.empty()) return Error::key_empty;
  const bool is_too_long = code_points > limits.max_key_length || key.size() > kMaxKeyBytes;
  return is_too_long ? Error::key_too_long : Error::none;
}

}  // namespace

Error check_key(std::string_view key, const Limits& limits) noexcept {
  const auto code_points = count_code_points(key);
  return code_points ? check_length(key, *code_points, limits) : Error::key_not_utf8;
}

Error check_ascii_key(std::string_view key, const Limits& limits) noexcept {
  return check_length(key, key.size(), limits);
}

}  // namespace cubby::protocol
