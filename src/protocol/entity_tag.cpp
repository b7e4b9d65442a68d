#define XXH_INLINE_ALL
#include "protocol/entity_tag.hpp"

#include <algorithm>
#include <array>

#include <xxhash.h>

namespace cubby::protocol {
namespace {

// The two digits of every byte.
constexpr auto kHexPairs = [] {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<char, 512> pairs{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    pairs[2 * byte] = kDigits[byte >> 4];
    pairs[2 * byte + 1] = kDigits[byte & 15];
  }
  return pairs;
}();

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
  *out++ = '"';
  for (int shift = 56; shift >= 0; shift -= 8) {
    const auto byte = static_cast<std::uint8_t>(tag.value >> shift);
    out = std::copy_n(kHexPairs.begin() + 2 * byte, 2, out);
  }
  *out++ = '"';
  return out;
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

EntityTag entity_tag_of(std::uint64_t seed, std::string_view value) noexcept {
  return {XXH3_64bits_withSeed(value.data(), value.size(), seed)};
}

}  // namespace cubby::protocol
