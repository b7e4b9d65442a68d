#include "protocol/utf8.hpp"

#include <array>

#include "protocol/eight_bytes.hpp"

namespace cubby::protocol {
namespace {

// What may come next. The bounds on a second byte are those of RFC 3629, section 4.
enum State : std::uint8_t {
  character,  // the first byte of one that is not ASCII
  one_more,
  two_more,
  three_more,
  two_more_from_a0,    // after E0
  two_more_to_9f,      // after ED
  three_more_from_90,  // after F0
  three_more_to_8f,    // after F4
  stop,                // the byte cannot come here
};

constexpr bool is_continuation(unsigned byte, unsigned low = 0x80, unsigned high = 0xBF) {
  return byte >= low && byte <= high;
}

constexpr State after_first(unsigned byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return one_more;
  if (byte == 0xE0) return two_more_from_a0;
  if (byte == 0xED) return two_more_to_9f;
  if (byte >= 0xE1 && byte <= 0xEF) return two_more;
  if (byte == 0xF0) return three_more_from_90;
  if (byte >= 0xF1 && byte <= 0xF3) return three_more;
  if (byte == 0xF4) return three_more_to_8f;
  return stop;
}

constexpr State after(unsigned state, unsigned byte) {
  switch (state) {
    case character:
      return after_first(byte);
    case one_more:
      return is_continuation(byte) ? character : stop;
    case two_more:
      return is_continuation(byte) ? one_more : stop;
    case three_more:
      return is_continuation(byte) ? two_more : stop;
    case two_more_from_a0:
      return is_continuation(byte, 0xA0, 0xBF) ? one_more : stop;
    case two_more_to_9f:
      return is_continuation(byte, 0x80, 0x9F) ? one_more : stop;
    case three_more_from_90:
      return is_continuation(byte, 0x90, 0xBF) ? two_more : stop;
    case three_more_to_8f:
      return is_continuation(byte, 0x80, 0x8F) ? two_more : stop;
    default:
      return stop;
  }
}

using Table = std::array<std::array<std::uint8_t, 256>, stop>;

constexpr Table make_table() {
  Table table{};
  for (unsigned state = 0; state < stop; ++state) {
    for (unsigned byte = 0; byte < 256; ++byte) table[state][byte] = after(state, byte);
  }
  return table;
}

constexpr Table kAfter = make_table();

bool is_ascii(std::string_view text) {
  std::uint64_t others = 0;
  if (text.size() >= 8) {
    for (std::size_t at = 0; at + 8 < text.size(); at += 8) others |= load_eight(text.data() + at);
    // The last eight, of which some may have been looked at.
    others |= load_eight(text.data() + text.size() - 8);
  } else {
    for (const char c : text) others |= static_cast<unsigned char>(c);
  }
  return mark_non_ascii(others) == 0;
}

}  // namespace

std::size_t Utf8Checker::take(std::string_view text) noexcept {
  std::uint8_t state = state_;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const std::uint8_t next = kAfter[state][static_cast<unsigned char>(text[at])];
    if (next == stop) break;
    state = next;
  }
  state_ = state;
  return at;
}

std::size_t encode_utf8(std::uint32_t code_point, char* out) noexcept {
  const auto put = [out](std::size_t at, std::uint32_t byte) {
    out[at] = static_cast<char>(static_cast<unsigned char>(byte));
  };
  if (code_point < 0x80) {
    put(0, code_point);
    return 1;
  }
  const std::size_t size = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
  for (std::size_t at = size - 1; at > 0; --at, code_point >>= 6) {
    put(at, 0x80 | (code_point & 0x3F));
  }
  constexpr std::uint32_t kLeads[] = {0, 0, 0xC0, 0xE0, 0xF0};
  put(0, kLeads[size] | code_point);
  return size;
}

std::optional<std::size_t> count_code_points(std::string_view text) noexcept {
  if (is_ascii(text)) return text.size();
  Utf8Checker checker;
  std::size_t count = 0;
  while (!text.empty()) {
    if (text.size() >= 8 && mark_non_ascii(load_eight(text.data())) == 0) {
      text.remove_prefix(8);
      count += 8;
      continue;
    }
    if (static_cast<unsigned char>(text.front()) < 0x80) {
      text.remove_prefix(1);
      ++count;
      continue;
    }
    const std::size_t size = checker.take(text);
    if (size == 0 || !checker.is_whole()) return std::nullopt;
    for (const char c : text.substr(0, size)) {
      if (!is_continuation(static_cast<unsigned char>(c))) ++count;
    }
    text.remove_prefix(size);
  }
  return count;
}

}  // namespace cubby::protocol
