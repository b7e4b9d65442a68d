#include "protocol/key.hpp"

#include <cubby/cache.hpp>

#include "protocol/utf8.hpp"

namespace cubby::protocol {

Error check_key(std::string_view key, const Limits& limits) noexcept {
  if (key.empty()) return Error::key_empty;
  const auto length = count_code_points(key);
  if (!length) return Error::key_not_utf8;
  if (*length > limits.max_key_length || key.size() > kMaxKeyBytes) return Error::key_too_long;
  return Error::none;
}

}  // namespace cubby::protocol
