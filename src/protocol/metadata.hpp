// What is kept of an entry beside its value: how its bytes are to be read, and when they came.

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include "protocol/entity_tag.hpp"

namespace cubby::protocol {

// The type of a value of which nothing is known but that it is text, and of which nothing is.
inline constexpr std::string_view kPlainTextType = "text/plain; charset=utf-8";
inline constexpr std::string_view kBytesType = "application/octet-stream";

// The views are into where it was read from, or to constants.
struct Metadata {
  std::string_view content_type = kPlainTextType;
  std::string_view content_encoding = {};                  // empty when there is none
  std::optional<std::chrono::sys_seconds> stored_at = {};  // when it is known
};

// The longest type and encoding, in bytes.
inline constexpr std::size_t kMaxMetadataText = 255;

// Metadata as it lies in front of a value: in six bytes when its type and its encoding are common
// ones, and without the tag.
class StoredMetadata {
 public:
  static constexpr std::size_t kTagBytes = sizeof(EntityTag);
  static constexpr std::size_t kMaxBytes = 6 + 2 * (1 + kMaxMetadataText) + kTagBytes;

  // The texts must not be longer than kMaxMetadataText; stored_at must be given.
  explicit StoredMetadata(const Metadata& metadata) noexcept;

  // Adds the value's tag, in place of another that has been added before.
  void set_tag(EntityTag tag) noexcept;
  bool has_tag() const noexcept { return has_tag_; }

  std::string_view bytes() const noexcept { return {bytes_.data(), size_}; }

 private:
  std::array<char, kMaxBytes> bytes_;
  std::size_t size_ = 0;
  bool has_tag_ = false;
};

// What the metadata adds to the tag of a value (see entity_tag_seed()). Does not compute it anew
// for a common type.
std::uint64_t tag_seed_of(const Metadata& metadata) noexcept;

struct ReadMetadata {
  Metadata metadata;
  std::optional<EntityTag> tag = {};
  std::size_t size = 0;  // what it takes, in bytes
};

// Reads what is at the beginning of `bytes`.
ReadMetadata read_metadata(std::string_view bytes) noexcept;

}  // namespace cubby::protocol
