#include "protocol/metadata.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <span>

namespace cubby::protocol {
namespace {

// Layout: the number of the type, the number of the encoding, the seconds when it was stored, and
// then, where a number says so, a length of one byte and the text; last the tag, if the highest bit
// of the encoding's number says that it is there. All of it is kept in the memory of this process
// only, so the order may change.
constexpr std::array<std::string_view, 12> kTypes{
    kBytesType,
    kPlainTextType,
    "text/plain",
    "application/json",
    "application/json; charset=utf-8",
    "application/x-www-form-urlencoded",
    "text/html",
    "text/html; charset=utf-8",
    "text/plain;charset=UTF-8",
    "image/png",
    "image/jpeg",
    "application/xml",
};
constexpr std::array<std::string_view, 5> kEncodings{"", "gzip", "br", "deflate", "zstd"};
constexpr std::uint8_t kInText = 127;
constexpr std::uint8_t kHasTag = 128;
static_assert(kTypes.size() <= kInText && kEncodings.size() <= kInText);

constexpr std::size_t kFixedBytes = 6;
constexpr std::size_t kEncodingAt = 1;
constexpr std::size_t kSecondsAt = 2;

std::uint8_t index_of(std::span<const std::string_view> texts, std::string_view text) {
  const auto found = std::find(texts.begin(), texts.end(), text);
  return found == texts.end() ? kInText : static_cast<std::uint8_t>(found - texts.begin());
}

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

std::string_view text_of(std::span<const std::string_view> texts, std::uint8_t number,
                         std::string_view bytes, std::size_t& at) {
  if (number != kInText) return texts[number];
  const std::size_t size = byte_at(bytes, at);
  const std::string_view text = bytes.substr(at + 1, size);
  at += 1 + size;
  return text;
}

// Of the types alone, in their order.
const auto kTypeSeeds = [] {
  std::array<std::uint64_t, kTypes.size()> seeds;
  std::transform(kTypes.begin(), kTypes.end(), seeds.begin(),
                 [](std::string_view type) { return entity_tag_seed(type, {}); });
  return seeds;
}();

}  // namespace

std::uint64_t tag_seed_of(const Metadata& metadata) noexcept {
  if (metadata.content_encoding.empty()) {
    // Told by where they are, so that the texts need not be compared.
    for (std::size_t i = 0; i < kTypes.size(); ++i) {
      if (kTypes[i].data() == metadata.content_type.data()) return kTypeSeeds[i];
    }
  }
  return entity_tag_seed(metadata.content_type, metadata.content_encoding);
}

StoredMetadata::StoredMetadata(const Metadata& metadata) noexcept : size_(kFixedBytes) {
  const std::uint8_t type = index_of(kTypes, metadata.content_type);
  const std::uint8_t encoding = index_of(kEncodings, metadata.content_encoding);
  bytes_[0] = static_cast<char>(type);
  bytes_[kEncodingAt] = static_cast<char>(encoding);
  // Unsigned, for times until 2106.
  const auto seconds =
      static_cast<std::uint32_t>(metadata.stored_at.value().time_since_epoch().count());
  std::memcpy(bytes_.data() + kSecondsAt, &seconds, sizeof seconds);
  const auto append = [this](std::string_view text) {
    assert(text.size() <= kMaxMetadataText);
    bytes_[size_++] = static_cast<char>(text.size());
    size_ += text.copy(bytes_.data() + size_, text.size());
  };
  if (type == kInText) append(metadata.content_type);
  if (encoding == kInText) append(metadata.content_encoding);
}

void StoredMetadata::set_tag(EntityTag tag) noexcept {
  if (!has_tag_) {
    has_tag_ = true;
    bytes_[kEncodingAt] = static_cast<char>(byte_at(bytes(), kEncodingAt) | kHasTag);
    size_ += kTagBytes;
  }
  std::memcpy(bytes_.data() + size_ - kTagBytes, &tag.value, kTagBytes);
}

ReadMetadata read_metadata(std::string_view bytes) noexcept {
  ReadMetadata read;
  Metadata& metadata = read.metadata;
  const std::uint8_t encoding = byte_at(bytes, kEncodingAt);
  std::size_t at = kFixedBytes;
  metadata.content_type = text_of(kTypes, byte_at(bytes, 0), bytes, at);
  metadata.content_encoding =
      text_of(kEncodings, static_cast<std::uint8_t>(encoding & ~kHasTag), bytes, at);
  std::uint32_t seconds = 0;
  std::memcpy(&seconds, bytes.data() + kSecondsAt, sizeof seconds);
  metadata.stored_at = std::chrono::sys_seconds(std::chrono::seconds(seconds));
  if ((encoding & kHasTag) != 0) {
    EntityTag& tag = read.tag.emplace();
    std::memcpy(&tag.value, bytes.data() + at, sizeof tag.value);
    at += StoredMetadata::kTagBytes;
  }
  read.size = at;
  return read;
}

}  // namespace cubby::protocol
