#include "protocol/target_text.hpp"

#ifdef __SSE2__
#include <bit>

#include <emmintrin.h>
#endif

#include "protocol/ascii.hpp"

namespace cubby::protocol {
namespace {

// pchar / "/" / "?" (RFC 3986, section 3.3)
constexpr AlphanumericAnd kTargetChars("-._~!$&'()*+,;=:@%/?");

bool is_code(char c) { return c == '%' || c == '+' || c == '&'; }

// Reads on from the first `known.size` bytes, of which `known` has been found.
TargetText read_on(std::string_view text, TargetText known, bool has_query) {
  for (; known.size < text.size() && kTargetChars.contains(text[known.size]); ++known.size) {
    const char c = text[known.size];
    if (is_code(c)) known.is_plain = false;
    if (c == '?' && !has_query) {
      has_query = true;
      known.path_size = known.size;
    }
  }
  if (!has_query) known.path_size = known.size;
  return known;
}

#ifdef __SSE2__
// Sixteen bytes, compared together: one bit each.
class Sixteen {
 public:
  explicit Sixteen(const char* from)
      : bytes_(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))) {}

  // Those that no target has.
  unsigned strangers() const {
    // Compared as signed numbers, bytes from 0x80 on are below '!' too.
    const __m128i below = _mm_cmplt_epi8(bytes_, all('!'));
    const __m128i quote_or_hash = _mm_cmpeq_epi8(_mm_or_si128(bytes_, all(1)), all('#'));
    const __m128i angle = _mm_cmpeq_epi8(_mm_or_si128(bytes_, all(2)), all('>'));
    const __m128i from_bracket_to_hat =
        _mm_and_si128(_mm_cmpgt_epi8(bytes_, all('Z')), _mm_cmplt_epi8(bytes_, all('_')));
    const __m128i above_z_but_tilde =
        _mm_andnot_si128(equal('~'), _mm_cmpgt_epi8(bytes_, all('z')));
    return bits(either(either(either(below, quote_or_hash), either(angle, from_bracket_to_hat)),
                       either(above_z_but_tilde, equal('`'))));
  }

  unsigned questions() const { return bits(equal('?')); }
  unsigned codes() const { return bits(either(equal('%'), either(equal('+'), equal('&')))); }

 private:
  static __m128i all(char c) { return _mm_set1_epi8(c); }
  static __m128i either(__m128i a, __m128i b) { return _mm_or_si128(a, b); }
  static unsigned bits(__m128i mask) { return static_cast<unsigned>(_mm_movemask_epi8(mask)); }
  __m128i equal(char c) const { return _mm_cmpeq_epi8(bytes_, all(c)); }

  __m128i bytes_;
};

std::size_t first(unsigned bits) { return static_cast<std::size_t>(std::countr_zero(bits)); }
#endif

}  // namespace

TargetText portable_read_target_text(std::string_view text) noexcept {
  return read_on(text, {}, false);
}

TargetText read_target_text(std::string_view text) noexcept {
#ifdef __SSE2__
  TargetText known;
  bool has_query = false;
  while (text.size() - known.size >= 16) {
    const Sixteen sixteen(text.data() + known.size);
    const unsigned strangers = sixteen.strangers();
    // All bits below that of the first stranger.
    const unsigned ours = strangers == 0 ? 0xFFFF : ~strangers & (strangers - 1);
    if ((sixteen.codes() & ours) != 0) known.is_plain = false;
    const unsigned questions = sixteen.questions() & ours;
    if (questions != 0 && !has_query) {
      has_query = true;
      known.path_size = known.size + first(questions);
    }
    if (strangers != 0) {
      known.size += first(strangers);
      if (!has_query) known.path_size = known.size;
      return known;
    }
    known.size += 16;
  }
  return read_on(text, known, has_query);
#else
  return portable_read_target_text(text);
#endif
}

}  // namespace cubby::protocol
