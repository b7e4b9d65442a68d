// Keys for benchmarks, made so quickly that the time is the cache's.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace cubby::bench {

// The key of a number: 16 bytes, by three instructions and without memory. Formatted text would
// take as long as a lookup, and a list of keys would push the cache that is measured out of the
// CPU's.
class Key {
 public:
  static constexpr std::size_t kBytes = 16;

  Key() = default;
  explicit Key(std::uint64_t number) noexcept {
    const std::array<std::uint64_t, 2> words{number, ~number * 0x9e3779b97f4a7c15};
    std::memcpy(bytes_.data(), words.data(), kBytes);
  }

  std::string_view text() const noexcept { return {bytes_.data(), kBytes}; }

 private:
  std::array<char, kBytes> bytes_;
};

// Numbers below `count`, evenly at random; Knuth's MMIX generator. Another sequence for each seed.
class RandomNumbers {
 public:
  RandomNumbers(std::uint64_t seed, std::uint64_t count) noexcept : state_(seed), count_(count) {}

  std::uint64_t operator()() noexcept {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    return ((state_ >> 32) * count_) >> 32;
  }

 private:
  std::uint64_t state_;
  std::uint64_t count_;
};

}  // namespace cubby::bench
