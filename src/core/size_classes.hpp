// The sizes of slot that pages are cut into.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/arena.hpp"

namespace cubby {

using SizeClass = std::uint8_t;

// The smallest slot holds an entry's header and a short key, the largest an eighth of a page; what
// is larger is kept as a chain of the largest.
inline constexpr std::size_t kMinSlotBytes = 32;
inline constexpr std::size_t kMaxSlotBytes = kPageBytes / 8;

namespace detail {

inline constexpr std::size_t kMostClasses = 64;

struct SizeClasses {
  std::size_t count = 0;
  std::array<std::uint32_t, kMostClasses> slot_bytes{};
  std::array<std::uint32_t, kMostClasses> slots_per_page{};
  std::array<std::uint32_t, kMostClasses> slot_charge{};
  std::array<SizeClass, kMaxSlotBytes / kGranuleBytes + 1> class_of_granules{};
};

// Steps of one granule up to 128 bytes, then eight steps to each doubling. A step is stretched to
// the largest slot of which as many fit into a page, so that no page has a tail that is lost.
constexpr SizeClasses make_size_classes() {
  SizeClasses classes;
  std::size_t octave = 128;
  for (std::size_t size = kMinSlotBytes; size <= kMaxSlotBytes;) {
    const std::size_t per_page = kPageBytes / size;
    const std::size_t stretched = kPageBytes / per_page / kGranuleBytes * kGranuleBytes;
    classes.slot_bytes[classes.count] = static_cast<std::uint32_t>(stretched);
    classes.slots_per_page[classes.count] = static_cast<std::uint32_t>(per_page);
    classes.slot_charge[classes.count] =
        static_cast<std::uint32_t>((kPageBytes + per_page - 1) / per_page);
    ++classes.count;
    while (stretched >= 2 * octave) octave *= 2;
    size = stretched + (stretched < 128 ? kGranuleBytes : octave / 8);
    if (stretched < kMaxSlotBytes && size > kMaxSlotBytes) size = kMaxSlotBytes;
  }
  std::size_t at = 0;
  for (std::size_t granules = 0; granules < classes.class_of_granules.size(); ++granules) {
    while (classes.slot_bytes[at] < granules * kGranuleBytes) ++at;
    classes.class_of_granules[granules] = static_cast<SizeClass>(at);
  }
  return classes;
}

inline constexpr SizeClasses kSizeClasses = make_size_classes();

}  // namespace detail

inline constexpr std::size_t kSizeClassCount = detail::kSizeClasses.count;

// The class of the smallest slot that holds `bytes`, which is at most kMaxSlotBytes.
constexpr SizeClass size_class_of(std::size_t bytes) noexcept {
  return detail::kSizeClasses.class_of_granules[(bytes + kGranuleBytes - 1) / kGranuleBytes];
}

constexpr std::uint32_t slot_bytes(SizeClass size_class) noexcept {
  return detail::kSizeClasses.slot_bytes[size_class];
}

constexpr std::uint32_t slots_per_page(SizeClass size_class) noexcept {
  return detail::kSizeClasses.slots_per_page[size_class];
}

// What a slot really costs: its share of the page.
constexpr std::uint32_t slot_charge(SizeClass size_class) noexcept {
  return detail::kSizeClasses.slot_charge[size_class];
}

inline constexpr SizeClass kLargestClass = static_cast<SizeClass>(kSizeClassCount - 1);
static_assert(slot_bytes(kLargestClass) == kMaxSlotBytes);

}  // namespace cubby
