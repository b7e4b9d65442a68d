#include "protocol/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace cubby::protocol {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080;

bool is_continuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// The length of the well-formed sequence that begins at `p`, which is not ASCII; 0 when there is
// none. The bounds on the second byte are those of RFC 3629, section 4.
std::size_t sequence_length(const unsigned char* p, std::size_t size) {
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (p[0] >= 0xC2 && p[0] <= 0xDF) {
    length = 2;
  } else if (p[0] >= 0xE0 && p[0] <= 0xEF) {
    length = 3;
    if (p[0] == 0xE0) low = 0xA0;
    if (p[0] == 0xED) high = 0x9F;
  } else if (p[0] >= 0xF0 && p[0] <= 0xF4) {
    length = 4;
    if (p[0] == 0xF0) low = 0x90;
    if (p[0] == 0xF4) high = 0x8F;
  }
  if (length == 0 || length > size || p[1] < low || p[1] > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!is_continuation(p[i])) return 0;
  }
  return length;
}

}  // namespace

std::optional<std::size_t> count_code_points(std::string_view text) noexcept {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t left = text.size();
  std::size_t count = 0;
  while (left > 0) {
    std::uint64_t eight = 0;
    if (left >= sizeof eight) {
      std::memcpy(&eight, p, sizeof eight);
      if ((eight & kHighBits) == 0) {
        p += sizeof eight;
        left -= sizeof eight;
        count += sizeof eight;
        continue;
      }
    }
    const std::size_t length = *p < 0x80 ? 1 : sequence_length(p, left);
    if (length == 0) return std::nullopt;
    p += length;
    left -= length;
    ++count;
  }
  return count;
}

}  // namespace cubby::protocol
