// Base64 (RFC 4648, section 4): the alphabet with + and /, padded.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cubby::protocol {

// How many characters so many bytes take.
constexpr std::size_t base64_size(std::size_t bytes) noexcept { return (bytes + 2) / 3 * 4; }

// Encodes bytes that come in pieces of any size. One object serves for a text after the other.
class Base64Encoder {
 public:
  // Appends to `output` what is certain.
  void take(std::string& output, std::string_view bytes);

  // There are no more: appends the rest.
  void finish(std::string& output);

 private:
  // What does not make three bytes yet.
  std::array<char, 3> rest_;
  std::uint8_t rest_size_ = 0;
};

// Appends what `text` stands for, or returns false with `output` as it was. Takes nothing but what
// an encoder writes: no white space, all of the padding, and no bits in it (sections 3.1 to 3.5).
[[nodiscard]] bool decode_base64(std::string& output, std::string_view text);

}  // namespace cubby::protocol
