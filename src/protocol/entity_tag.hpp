// Entity tags (RFC 9110, section 8.8.3), which follow from what they stand for, so that they need
// not be kept and are the same on every node.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace cubby::protocol {

// A strong tag: 64 bits, written as sixteen hex digits in quotes.
struct EntityTag {
  std::uint64_t value = 0;

  bool operator==(const EntityTag&) const = default;
};

inline constexpr std::size_t kEntityTagBytes = 18;

// Writes all kEntityTagBytes of it, and returns where they end.
char* put_entity_tag(char* out, EntityTag tag) noexcept;

// What a type and an encoding, as Content-Type and Content-Encoding have them, add to the tag of a
// value.
std::uint64_t entity_tag_seed(std::string_view content_type,
                              std::string_view content_encoding) noexcept;

// The tag of a value that is in one piece. Allocates nothing.
EntityTag entity_tag_of(std::uint64_t seed, std::string_view value) noexcept;

// The tag of a value that comes in pieces.
class EntityTagHasher {
 public:
  explicit EntityTagHasher(std::uint64_t seed);
  ~EntityTagHasher();
  EntityTagHasher(EntityTagHasher&&) noexcept;
  EntityTagHasher& operator=(EntityTagHasher&&) noexcept;

  void take(std::string_view piece) noexcept;
  EntityTag tag() const noexcept;

  // Beyond the object, in bytes.
  static std::size_t memory_bytes() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cubby::protocol
