#include "protocol/front.hpp"

#include <cubby/cache.hpp>

#include "protocol/date_header.hpp"

namespace cubby::protocol {
namespace {

// Smaller values are hashed within a few nanoseconds, which is not worth the bytes.
constexpr std::size_t kLeastTaggedBytes = 256;

StoredMetadata stored_now(const Context& context, const Metadata& metadata) {
  Metadata now = metadata;
  now.stored_at = context.date.time();
  return StoredMetadata(now);
}

}  // namespace

Front::Front(const Context& context, const Metadata& metadata)
    : stored_(stored_now(context, metadata)) {}

Front::Front(const Context& context, const StoredEntry& entry) {
  if (entry.front_bytes > 0) stored_.emplace(stored_now(context, entry.metadata));
}

void Front::make_room_for_tag(std::string_view key, std::size_t value_bytes) noexcept {
  if (!stored_ || value_bytes < kLeastTaggedBytes || key.size() > kMaxKeyBytes) return;
  const std::size_t without = bytes().size() + value_bytes;
  const std::size_t with = without + StoredMetadata::kTagBytes;
  if (with > kLargeValueBytes) return;
  if (Cache::footprint(key.size(), with) == Cache::footprint(key.size(), without)) {
    stored_->set_tag(EntityTag());
  }
}

void Front::set_tag(EntityTag tag) noexcept {
  if (stored_ && stored_->has_tag()) stored_->set_tag(tag);
}

}  // namespace cubby::protocol
