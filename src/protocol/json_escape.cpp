#include "protocol/json_escape.hpp"

#include <cstdint>

#include "protocol/eight_bytes.hpp"

namespace cubby::protocol {
namespace {

bool is_special(unsigned char byte) { return byte < 0x20 || byte == '"' || byte == '\\'; }

// Where the first character that must be escaped is; text.size() when there is none.
std::size_t find_special(std::string_view text) {
  std::size_t at = 0;
  for (; text.size() - at >= 8; at += 8) {
    const std::uint64_t special = mark_special(load_eight(text.data() + at));
    if (special != 0) return at + first_marked(special);
  }
  if (at < text.size() && text.size() >= 8) {
    // The last eight, of which some have been looked at.
    const std::size_t last = text.size() - 8;
    const std::uint64_t special = mark_special(load_eight(text.data() + last));
    return last + first_marked(special);
  }
  while (at < text.size() && !is_special(static_cast<unsigned char>(text[at]))) ++at;
  return at;
}

}  // namespace

bool needs_escape(std::string_view text) noexcept { return find_special(text) < text.size(); }

std::size_t escaped_size(std::string_view text) noexcept {
  std::size_t size = text.size();
  for (std::size_t at = find_special(text); at < text.size();) {
    size += escaped_size(text[at]) - 1;
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
