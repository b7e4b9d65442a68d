// A cache with a clock that tests move, and invariants that are checked after every test.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <cubby/cache.hpp>

#include "support/manual_clock.hpp"

namespace cubby::test {

// Every entry counts as one, so that the limit is a number of entries.
inline ChargeFunction unit_charge() {
  return [](std::string_view, std::size_t) { return std::size_t{1}; };
}

class CacheFixture : public ::testing::Test {
 protected:
  void Make(CacheOptions options = {}) {
    options.clock = &clock_;
    cache_ = std::make_unique<Cache>(options);
  }

  // One list of `entries` entries: what is evicted is exact.
  void MakeExact(std::size_t entries) {
    Make({.max_memory_bytes = entries, .shards = 1, .hash_seed = 1, .charge = unit_charge()});
  }

  void TearDown() override {
    if (cache_ != nullptr) {
      EXPECT_EQ(cache_->check_invariants(), "");
    }
  }

  PutOutcome Put(std::string_view key, std::string_view value, const PutOptions& options = {}) {
    return cache_->put(key, value, options);
  }
  std::optional<std::string> Get(std::string_view key) { return cache_->get(key); }
  bool Erase(std::string_view key) { return cache_->erase(key); }
  CacheStats Stats() { return cache_->stats(); }

  ManualClock clock_;
  std::unique_ptr<Cache> cache_;
};

// A value that tells whether each part of it is in the right place of the right value.
inline std::string patterned(std::size_t size, unsigned seed) {
  std::string value(size, '\0');
  std::uint64_t state = seed;
  for (std::size_t i = 0; i < size; i += sizeof state) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    std::memcpy(value.data() + i, &state, std::min(sizeof state, size - i));
  }
  return value;
}

}  // namespace cubby::test
