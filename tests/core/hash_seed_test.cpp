// Keys that somebody has chosen, knowing everything but the seed.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <cubby/cache.hpp>

#include "core/hash.hpp"

namespace cubby::test {
namespace {

constexpr std::size_t kKeys = 100'000;
constexpr unsigned kShardBits = 6;
constexpr std::uint32_t kPlaces = 8;  // the parts of an index, for the search

// Counts in letters, which is all that a search needs.
void next_name(std::string& name) {
  for (auto letter = name.rbegin(); letter != name.rend(); ++letter) {
    if (*letter != 'z') {
      ++*letter;
      return;
    }
    *letter = 'a';
  }
}

// Keys that all belong to one shard of 64, and there to an eighth of the index, under seed 0: one
// of 512 that are tried.
const std::vector<std::string>& aimed_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> found;
    for (std::string name(12, 'a'); found.size() < kKeys; next_name(name)) {
      const KeyHash hash = KeyHash::of(name, 0);
      if (hash.shard(kShardBits) == 0 && hash.below(kPlaces) == 0) found.push_back(name);
    }
    return found;
  }();
  return keys;
}

// How many of the keys there are in each cell. Keys that are spread at random are within nine
// standard deviations everywhere but once in 10^16 runs.
template <class CellOf>
void expect_spread(std::uint64_t seed, std::size_t cells, CellOf cell_of) {
  std::vector<std::size_t> counts(cells);
  for (const std::string& key : aimed_keys()) ++counts[cell_of(KeyHash::of(key, seed))];
  const double mean = static_cast<double>(kKeys) / static_cast<double>(cells);
  const double most_off = 9 * std::sqrt(mean);
  const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
  EXPECT_GT(static_cast<double>(*least), mean - most_off) << "seed " << seed;
  EXPECT_LT(static_cast<double>(*most), mean + most_off) << "seed " << seed;
}

TEST(HashSeed, SpreadsKeysThatWereChosenForAnother) {
  std::random_device device;
  for (int i = 0; i < 10; ++i) {
    const std::uint64_t seed = std::uint64_t{device()} << 32 | device();
    expect_spread(seed, 64, [](KeyHash hash) { return hash.shard(kShardBits); });
    // The tag, before its zero is made a one.
    expect_spread(seed, 256, [](KeyHash hash) { return hash.value >> 48 & 0xff; });
    expect_spread(seed, 512, [](KeyHash hash) { return hash.below(512); });
    // Where in its index, for the keys of each shard.
    expect_spread(seed, 512, [](KeyHash hash) {
      return hash.shard(kShardBits) * kPlaces + hash.below(kPlaces);
    });
  }
}

// With shards of 2,000 entries: 100,000 keys fit when they are spread (some 1,560 each, and eleven
// standard deviations to spare), and 2,000 stay when they are aimed.
class CacheSeed : public ::testing::Test {
 protected:
  static constexpr std::size_t kCapacity = 2000;

  static std::uint64_t entries_kept(CacheOptions options) {
    options.capacity_per_shard = kCapacity;
    Cache cache(options);
    for (const std::string& key : aimed_keys()) cache.put(key, "v");
    return cache.stats().entries;
  }
};

TEST_F(CacheSeed, IsNotZeroUnlessAskedFor) { EXPECT_EQ(entries_kept({}), kKeys); }

TEST_F(CacheSeed, ThatIsKnownLetsKeysBeAimed) {
  EXPECT_EQ(entries_kept({.hash_seed = 0}), kCapacity);
}

}  // namespace
}  // namespace cubby::test
