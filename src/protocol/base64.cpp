#include "protocol/base64.hpp"

#include <algorithm>

namespace cubby::protocol {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kPadding = '=';

constexpr std::uint8_t kNoDigit = 0xFF;

constexpr std::array<std::uint8_t, 256> kDigits = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return digits;
}();

std::uint32_t octet(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

// Writes the four digits of 24 bits.
char* put_digits(char* out, std::uint32_t bits) {
  for (int shift = 18; shift >= 0; shift -= 6) *out++ = kAlphabet[bits >> shift & 63];
  return out;
}

// Of a multiple of three bytes.
void append_digits(std::string& output, std::string_view bytes) {
  const std::size_t begin = output.size();
  output.resize(begin + base64_size(bytes.size()));
  char* out = output.data() + begin;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    out =
        put_digits(out, octet(bytes, at) << 16 | octet(bytes, at + 1) << 8 | octet(bytes, at + 2));
  }
}

// As many bytes as the digits say in full. False when they are none, or leave bits over.
bool put_bytes(char*& out, std::string_view digits) {
  std::uint32_t bits = 0;
  std::uint8_t seen = 0;
  for (const char c : digits) {
    const std::uint8_t digit = kDigits[static_cast<unsigned char>(c)];
    seen |= digit;
    bits = bits << 6 | digit;
  }
  if (seen == kNoDigit) return false;
  bits <<= 6 * (4 - digits.size());
  for (std::size_t count = digits.size() - 1; count > 0; --count) {
    *out++ = static_cast<char>(bits >> 16);
    bits = bits << 8 & 0xFFFFFF;
  }
  return bits == 0;
}

}  // namespace

void Base64Encoder::take(std::string& output, std::string_view bytes) {
  if (rest_size_ > 0) {
    const std::size_t taken = bytes.copy(rest_.data() + rest_size_, rest_.size() - rest_size_);
    rest_size_ = static_cast<std::uint8_t>(rest_size_ + taken);
    bytes.remove_prefix(taken);
    if (rest_size_ < rest_.size()) return;
    append_digits(output, {rest_.data(), rest_.size()});
  }
  const std::size_t whole = bytes.size() / 3 * 3;
  append_digits(output, bytes.substr(0, whole));
  rest_size_ = static_cast<std::uint8_t>(bytes.copy(rest_.data(), rest_.size(), whole));
}

void Base64Encoder::finish(std::string& output) {
  if (rest_size_ == 0) return;
  const std::size_t missing = rest_.size() - rest_size_;
  std::fill(rest_.end() - static_cast<std::ptrdiff_t>(missing), rest_.end(), '\0');
  append_digits(output, {rest_.data(), rest_.size()});
  output.replace(output.size() - missing, missing, missing, kPadding);
  rest_size_ = 0;
}

bool decode_base64(std::string& output, std::string_view text) {
  if (text.size() % 4 != 0) return false;
  const std::size_t begin = output.size();
  output.resize(begin + text.size() / 4 * 3);
  char* out = output.data() + begin;
  bool good = true;
  for (; good && text.size() > 4; text.remove_prefix(4)) good = put_bytes(out, text.substr(0, 4));
  if (good && !text.empty()) {
    if (text.ends_with(kPadding)) text.remove_suffix(1);
    if (text.ends_with(kPadding)) text.remove_suffix(1);
    good = text.size() >= 2 && put_bytes(out, text);
  }
  output.resize(good ? static_cast<std::size_t>(out - output.data()) : begin);
  return good;
}

}  // namespace cubby::protocol
