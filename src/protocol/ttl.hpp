// How long an entry lives: as long as was asked for or else as the default says, less a random
// part.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string_view>

namespace cubby::protocol {

// The least and the most that a time to live may be.
inline constexpr std::chrono::milliseconds kMinTtl{1};
inline constexpr std::chrono::seconds kMaxTtl{315'360'000};  // ten years of 365 days

// A decimal number of seconds from kMinTtl to kMaxTtl, rounded to milliseconds; nothing when the
// text is anything else.
std::optional<std::chrono::milliseconds> ttl_of(std::string_view text) noexcept;

struct TtlOptions {
  // For entries that ask for no time to live. 0 means for ever.
  std::chrono::milliseconds default_ttl{0};
  // The largest share of a time to live that may be taken off it, from 0 to 1.
  double jitter = 0;
};

// Takes a random part off each time to live, so that what was put together does not expire
// together.
//
// Thread safety: none; every worker has one of its own.
class TtlPolicy {
 public:
  // The same seed leads to the same choices. Policies that are used side by side want different
  // ones.
  TtlPolicy(const TtlOptions& options, std::uint64_t seed) : options_(options), random_(seed) {}

  // What to store an entry with that asks for `asked`, or for nothing. 0 is for ever and stays
  // that; anything else is never made longer, by the jitter's share of it at most shorter, and
  // never less than a millisecond.
  std::chrono::milliseconds ttl_for(std::optional<std::chrono::milliseconds> asked);

 private:
  const TtlOptions options_;
  std::mt19937_64 random_;
};

}  // namespace cubby::protocol
