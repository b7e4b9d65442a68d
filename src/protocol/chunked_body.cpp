#include "protocol/chunked_body.hpp"

#include <array>
#include <cassert>
#include <charconv>

#include "protocol/put_text.hpp"

namespace cubby::protocol {
namespace {

constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace

void ChunkedBody::add(std::string& output, std::string_view piece) {
  assert(!piece.empty());
  std::array<char, 2 * sizeof(std::size_t)> digits;
  const char* const end =
      std::to_chars(digits.data(), digits.data() + digits.size(), piece.size(), 16).ptr;
  output.append(digits.data(), static_cast<std::size_t>(end - digits.data())).append(kLineEnd);
  output.append(piece).append(kLineEnd);
  bytes_ += piece.size();
}

void ChunkedBody::end(std::string& output) {
  output.append(kLastChunk);
  bytes_ = 0;
}

}  // namespace cubby::protocol
