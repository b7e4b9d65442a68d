#define XXH_INLINE_ALL
#include "protocol/entity_tag.hpp"

#ifdef __x86_64__
#include <emmintrin.h>
#endif
#include <xxhash.h>

namespace cubby::protocol {
namespace {

#ifdef __x86_64__

// The sixteen digits of a number, the highest first, all at once.
void put_hex(char* out, std::uint64_t number) noexcept {
  const __m128i low_nibbles = _mm_set1_epi8(0x0F);
  const __m128i bytes = _mm_cvtsi64_si128(static_cast<std::int64_t>(__builtin_bswap64(number)));
  const __m128i high = _mm_and_si128(_mm_srli_epi64(bytes, 4), low_nibbles);
  const __m128i low = _mm_and_si128(bytes, low_nibbles);
  const __m128i nibbles = _mm_unpacklo_epi8(high, low);
  const __m128i is_letter = _mm_cmpgt_epi8(nibbles, _mm_set1_epi8(9));
  const __m128i to_letter = _mm_and_si128(is_letter, _mm_set1_epi8('a' - '0' - 10));
  const __m128i digits = _mm_add_epi8(_mm_add_epi8(nibbles, _mm_set1_epi8('0')), to_letter);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), digits);
}

#else

void put_hex(char* out, std::uint64_t number) noexcept {
  for (int shift = 60; shift >= 0; shift -= 4) *out++ = "0123456789abcdef"[number >> shift & 15];
}

#endif

}  // namespace

struct EntityTagHasher::State {
  XXH3_state_t hash;
};

std::uint64_t entity_tag_seed(std::string_view content_type,
                              std::string_view content_encoding) noexcept {
  const std::uint64_t type = XXH3_64bits(content_type.data(), content_type.size());
  if (content_encoding.empty()) return type;
  return XXH3_64bits_withSeed(content_encoding.data(), content_encoding.size(), type);
}

char* put_entity_tag(char* out, EntityTag tag) noexcept {
  out[0] = '"';
  put_hex(out + 1, tag.value);
  out[kEntityTagBytes - 1] = '"';
  return out + kEntityTagBytes;
}

EntityTagHasher::EntityTagHasher(std::uint64_t seed) : state_(std::make_unique<State>()) {
  XXH3_64bits_reset_withSeed(&state_->hash, seed);
}
EntityTagHasher::~EntityTagHasher() = default;
EntityTagHasher::EntityTagHasher(EntityTagHasher&&) noexcept = default;
EntityTagHasher& EntityTagHasher::operator=(EntityTagHasher&&) noexcept = default;

void EntityTagHasher::take(std::string_view piece) noexcept {
  XXH3_64bits_update(&state_->hash, piece.data(), piece.size());
}

EntityTag EntityTagHasher::tag() const noexcept { return {XXH3_64bits_digest(&state_->hash)}; }

std::size_t EntityTagHasher::memory_bytes() noexcept { return sizeof(State); }

EntityTag entity_tag_of(std::uint64_t seed, std::string_view value) noexcept {
  return {XXH3_64bits_withSeed(value.data(), value.size(), seed)};
}

}  // namespace cubby::protocol
