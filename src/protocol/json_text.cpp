#include "protocol/json_text.hpp"

#include <cstdint>

#ifdef __SSE2__
#include <bit>

#include <emmintrin.h>
#endif

#include "protocol/eight_bytes.hpp"

namespace cubby::protocol {
namespace {

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

bool is_ascii_text(char c) { return is_ascii(c) && c >= 0x20 && c != '"' && c != '\\'; }

#ifdef __SSE2__
// One bit for each of the 16 bytes at `from`, set where it is not ASCII text.
unsigned others_of_sixteen(const char* from) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  // Compared as signed numbers, bytes from 0x80 on are below 0x20 too.
  const __m128i below = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  const __m128i others = _mm_or_si128(below, _mm_or_si128(quote, backslash));
  return static_cast<unsigned>(_mm_movemask_epi8(others));
}
#endif

}  // namespace

std::size_t portable_ascii_text_size(std::string_view text) noexcept {
  std::size_t at = 0;
  while (text.size() - at >= 8) {
    const std::size_t size = ascii_text_size_of_eight(load_eight(text.data() + at));
    at += size;
    if (size < 8) return at;
  }
  while (at < text.size() && is_ascii_text(text[at])) ++at;
  return at;
}

std::size_t ascii_text_size(std::string_view text) noexcept {
#ifdef __SSE2__
  std::size_t at = 0;
  for (; text.size() - at >= 16; at += 16) {
    const unsigned others = others_of_sixteen(text.data() + at);
    if (others != 0) return at + static_cast<std::size_t>(std::countr_zero(others));
  }
  return at + portable_ascii_text_size(text.substr(at));
#else
  return portable_ascii_text_size(text);
#endif
}

std::size_t text_size(std::string_view text, Utf8Checker& checker) noexcept {
  std::size_t at = 0;
  while (true) {
    if (checker.is_whole()) {
      at += ascii_text_size(text.substr(at));
      if (at == text.size() || is_ascii(text[at])) return at;
    }
    const std::size_t more = checker.take(text.substr(at));
    if (more == 0) return at;
    at += more;
  }
}

}  // namespace cubby::protocol
