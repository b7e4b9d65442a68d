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
  const std::string_view end = announce(output, piece.size());
  output.append(piece).append(end);
}

std::string_view ChunkedBody::announce(std::string& output, std::size_t bytes) {
  assert(bytes > 0);
  std::array<char, 2 * sizeof bytes> digits;
  const char* const end =
      std::to_chars(digits.data(), digits.data() + digits.size(), bytes, 16).ptr;
  output.append(digits.data(), static_cast<std::size_t>(end - digits.data())).append(kLineEnd);
  bytes_ += bytes;
  return kLineEnd;
}

void ChunkedBody::end(std::string& output) {
  output.append(kLastChunk);
  bytes_ = 0;
}

}  // namespace cubby::protocol
