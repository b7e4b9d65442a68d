#include "protocol/json_escape.hpp"

#include <cstdint>
#include <cstring>

namespace cubby::protocol {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighBits = kOnes * 0x80;

bool is_special(unsigned char byte) { return byte < 0x20 || byte == '"' || byte == '\\'; }

// Non-zero when one of the eight bytes is below `limit`, which is at most 0x80.
constexpr std::uint64_t any_below(std::uint64_t eight, std::uint64_t limit) {
  return (eight - kOnes * limit) & ~eight & kHighBits;
}

bool any_special(std::uint64_t eight) {
  return (any_below(eight, 0x20) | any_below(eight ^ (kOnes * '"'), 1) |
          any_below(eight ^ (kOnes * '\\'), 1)) != 0;
}

// Where the first character that must be escaped is; text.size() when there is none.
std::size_t find_special(std::string_view text) {
  std::size_t at = 0;
  std::uint64_t eight = 0;
  for (; text.size() - at >= sizeof eight; at += sizeof eight) {
    std::memcpy(&eight, text.data() + at, sizeof eight);
    if (any_special(eight)) break;
  }
  while (at < text.size() && !is_special(static_cast<unsigned char>(text[at]))) ++at;
  return at;
}

// The letter of the two-character escape, or 0 when there is only the six-character one.
char short_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

constexpr std::size_t kLongEscapeSize = 6;  // \u001f

}  // namespace

bool needs_escape(std::string_view text) noexcept { return find_special(text) < text.size(); }

std::size_t escaped_size(std::string_view text) noexcept {
  std::size_t size = text.size();
  for (std::size_t at = find_special(text); at < text.size();) {
    size += short_escape(text[at]) != 0 ? 1 : kLongEscapeSize - 1;
    ++at;
    at += find_special(text.substr(at));
  }
  return size;
}

void append_escaped(std::string& output, std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  while (true) {
    const std::size_t at = find_special(text);
    output.append(text.substr(0, at));
    if (at == text.size()) return;
    const char c = text[at];
    if (const char letter = short_escape(c)) {
      output.append({'\\', letter});
    } else {
      const auto byte = static_cast<unsigned char>(c);
      output.append("\\u00").append({kHex[byte >> 4], kHex[byte & 15]});
    }
    text.remove_prefix(at + 1);
  }
}

}  // namespace cubby::protocol
