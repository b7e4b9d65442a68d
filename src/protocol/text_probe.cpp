#include "protocol/text_probe.hpp"

#include "protocol/json_escape.hpp"
#include "protocol/json_text.hpp"

namespace cubby::protocol {

void TextProbe::take(std::string_view piece) noexcept {
  while (!broken_ && !piece.empty()) {
    piece.remove_prefix(text_size(piece, utf8_));
    if (piece.empty()) return;
    // It stands at an ASCII character that must be escaped, or at a byte that cannot come next.
    const char c = piece.front();
    broken_ = !utf8_.is_whole() || static_cast<unsigned char>(c) >= 0x80;
    escape_bytes_ += escaped_size(c) - 1;
    piece.remove_prefix(1);
  }
}

}  // namespace cubby::protocol
