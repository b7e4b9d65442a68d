// Cache::update() from many threads at once: nothing comes between what it reads and what it does.

#include <algorithm>
#include <charconv>
#include <string>
#include <thread>
#include <vector>

#include "core/cache_fixture.hpp"

namespace cubby::test {
namespace {

using Kind = Change::Kind;

std::string text_of(const ValueView* value) {
  std::string text;
  if (value != nullptr) value->append_to(text);
  return text;
}

class ConcurrentUpdateTest : public CacheFixture {
 protected:
  static constexpr unsigned kThreads = 4;
  static constexpr unsigned kEach = 10'000;

  template <class Decide>
  UpdateOutcome Update(std::string_view key, Decide decide) {
    return cache_->update(cache_->prepare(key), decide);
  }
  template <class Work>
  void InThreads(Work work) {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
    for (std::thread& thread : threads) thread.join();
  }
  void Increment(std::string_view key) {
    std::string text;
    Update(key, [&](const ValueView* current) {
      const std::string old = text_of(current);
      unsigned number = 0;
      std::from_chars(old.data(), old.data() + old.size(), number);
      text = std::to_string(number + 1);
      return Change{.kind = Kind::store, .value = text};
    });
  }
};

TEST_F(ConcurrentUpdateTest, CountersAreExact) {
  Make({.max_memory_bytes = std::size_t{8} << 20, .shards = 2});
  InThreads([&](unsigned thread) {
    for (unsigned i = 0; i < kEach; ++i) {
      Increment("all");
      Increment("own" + std::to_string(thread));
      // What makes the index grow and the compactor move the counters meanwhile.
      if (i % 4 == 0)
        Put(std::to_string(thread) + ":" + std::to_string(i), std::string(i % 90, 'x'));
      if (i % 8 == 0) Erase(std::to_string(thread) + ":" + std::to_string(i / 2));
    }
  });
  EXPECT_EQ(Get("all"), std::to_string(kThreads * kEach));
  for (unsigned thread = 0; thread < kThreads; ++thread) {
    EXPECT_EQ(Get("own" + std::to_string(thread)), std::to_string(kEach));
  }
}

// Each thread reads, and then puts if nobody else has meanwhile.
TEST_F(ConcurrentUpdateTest, CompareAndSetLosesNothing) {
  Make({.max_memory_bytes = std::size_t{8} << 20, .shards = 2});
  Put("key", "0");
  InThreads([&](unsigned) {
    for (unsigned i = 0; i < kEach / 10;) {
      const std::string seen = *Get("key");
      const std::string next = std::to_string(std::stoul(seen) + 1);
      const UpdateOutcome outcome = Update("key", [&](const ValueView* current) {
        return text_of(current) == seen ? Change{.kind = Kind::store, .value = next} : Change();
      });
      if (outcome == UpdateOutcome::replaced) ++i;
    }
  });
  EXPECT_EQ(Get("key"), std::to_string(kThreads * kEach / 10));
}

// Whatever is appended is taken by one thread, once.
TEST_F(ConcurrentUpdateTest, WhatIsTakenIsTakenOnce) {
  Make({.max_memory_bytes = std::size_t{8} << 20, .shards = 2});
  std::vector<std::string> taken(kThreads);
  InThreads([&](unsigned thread) {
    for (unsigned i = 0; i < kEach; ++i) {
      if (thread % 2 == 0) {
        std::string text;
        Update("key", [&](const ValueView* current) {
          text = text_of(current) + static_cast<char>('a' + thread);
          return Change{.kind = Kind::store, .value = text};
        });
      } else {
        std::string all;
        const UpdateOutcome outcome = Update("key", [&](const ValueView* current) {
          all = text_of(current);
          return Change{.kind = Kind::erase};
        });
        if (outcome == UpdateOutcome::erased) taken[thread] += all;
      }
    }
  });
  std::string all = Get("key").value_or("");
  for (const std::string& some : taken) all += some;
  EXPECT_EQ(std::count(all.begin(), all.end(), 'a'), kEach);
  EXPECT_EQ(std::count(all.begin(), all.end(), 'c'), kEach);
}

}  // namespace
}  // namespace cubby::test
