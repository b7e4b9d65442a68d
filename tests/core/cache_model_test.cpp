// The cache against the simplest thing that could be right, over long random sequences.

#include <list>
#include <random>
#include <unordered_map>
#include <vector>

#include "core/cache_fixture.hpp"

namespace cubby::test {
namespace {

using std::chrono::milliseconds;

// A list from the most to the least recently used, searched from one end to the other.
class ReferenceCache {
 public:
  explicit ReferenceCache(std::size_t limit) : limit_(limit) {}

  PutOutcome Put(const std::string& key, const std::string& value, milliseconds expiry,
                 milliseconds now) {
    const auto old = Live(key, now);
    const bool replaced = old != entries_.end();
    if (value.size() > limit_) return PutOutcome::too_large;
    if (replaced) {
      // It keeps its place while room is made for what it grows by, and may lose it to that.
      const std::size_t extra =
          value.size() > old->value.size() ? value.size() - old->value.size() : 0;
      while (used_ + extra > limit_ && !entries_.empty()) {
        const bool itself = std::prev(entries_.end()) == old;
        Remove(std::prev(entries_.end()));
        if (itself) return PutNew(key, value, expiry);
      }
      Remove(old);
      Insert(key, value, expiry);
      return PutOutcome::replaced;
    }
    return PutNew(key, value, expiry);
  }

  std::optional<std::string> Get(const std::string& key, milliseconds now) {
    const auto found = Live(key, now);
    if (found == entries_.end()) return std::nullopt;
    entries_.splice(entries_.begin(), entries_, found);
    return found->value;
  }

  bool Erase(const std::string& key, milliseconds now) {
    const auto found = Live(key, now);
    if (found == entries_.end()) return false;
    Remove(found);
    return true;
  }

  std::size_t RemoveExpired(milliseconds now) {
    return std::erase_if(entries_, [&](const Entry& entry) {
      const bool expired = entry.expiry.count() != 0 && entry.expiry <= now;
      if (expired) used_ -= entry.value.size();
      return expired;
    });
  }

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    std::string value;
    milliseconds expiry;  // 0: never
  };
  using Position = std::list<Entry>::iterator;

  Position Live(const std::string& key, milliseconds now) {
    for (auto at = entries_.begin(); at != entries_.end(); ++at) {
      if (at->key != key) continue;
      if (at->expiry.count() == 0 || at->expiry > now) return at;
      Remove(at);
      break;
    }
    return entries_.end();
  }
  void Remove(Position at) {
    used_ -= at->value.size();
    entries_.erase(at);
  }
  void Insert(const std::string& key, const std::string& value, milliseconds expiry) {
    entries_.push_front({key, value, expiry});
    used_ += value.size();
  }
  PutOutcome PutNew(const std::string& key, const std::string& value, milliseconds expiry) {
    while (used_ + value.size() > limit_) Remove(std::prev(entries_.end()));
    Insert(key, value, expiry);
    return PutOutcome::inserted;
  }

  const std::size_t limit_;
  std::size_t used_ = 0;
  std::list<Entry> entries_;
};

class CacheModelTest : public CacheFixture, public ::testing::WithParamInterface<unsigned> {
 protected:
  void SetUp() override { random_.seed(GetParam()); }

  // Mostly small, some in every layout that a value can have.
  std::string RandomValue(std::size_t largest) {
    const std::size_t size = random_() % (random_() % 4 == 0 ? largest + 1 : 200);
    return patterned(std::min(size, largest), static_cast<unsigned>(random_()));
  }
  std::string RandomKey(unsigned keys) {
    const unsigned n = static_cast<unsigned>(random_()) % keys;
    return std::string(1 + n % 50, 'k') + std::to_string(n);
  }

  std::mt19937 random_;
};

TEST_P(CacheModelTest, OneShardDoesExactlyAsTheReference) {
  constexpr std::size_t kLimit = 100'000;
  ReferenceCache reference(kLimit);
  Make({.max_memory_bytes = kLimit,
        .shards = 1,
        .charge = [](std::string_view, std::size_t value_bytes) { return value_bytes; }});
  for (int step = 0; step < 40'000; ++step) {
    const std::string key = RandomKey(300);
    const unsigned what = static_cast<unsigned>(random_()) % 100;
    if (what < 45) {
      const std::string value = RandomValue(12'000);
      const milliseconds ttl(random_() % 4 == 0 ? 1 + random_() % 500 : 0);
      const milliseconds expiry = ttl.count() == 0 ? ttl : clock_.now() + ttl;
      ASSERT_EQ(Put(key, value, {.ttl = ttl}), reference.Put(key, value, expiry, clock_.now()));
    } else if (what < 90) {
      ASSERT_EQ(Get(key), reference.Get(key, clock_.now())) << "step " << step;
    } else if (what < 97) {
      ASSERT_EQ(Erase(key), reference.Erase(key, clock_.now())) << "step " << step;
    } else {
      clock_.advance(milliseconds(random_() % 50));
      // Which expired entries are found first when there is no room is not defined.
      const std::uint64_t before = Stats().expirations;
      while (cache_->maintain()) {
      }
      ASSERT_EQ(Stats().expirations - before, reference.RemoveExpired(clock_.now()));
    }
    ASSERT_EQ(Stats().entries, reference.size()) << "step " << step;
  }
  EXPECT_GT(Stats().evictions, 100U);
  EXPECT_GT(Stats().expirations, 100U);
}

// With many shards and real memory what is evicted is not exact; what is found has to be right, and
// nothing may be missing that was neither evicted nor erased.
TEST_P(CacheModelTest, ManyShardsReturnOnlyWhatWasPut) {
  Make({.max_memory_bytes = std::size_t{2} << 20, .shards = 16});
  std::unordered_map<std::string, std::string> last_put;
  std::uint64_t missing = 0;
  for (int step = 0; step < 60'000; ++step) {
    const std::string key = RandomKey(5000);
    const unsigned what = static_cast<unsigned>(random_()) % 100;
    if (what < 50) {
      std::string value = RandomValue(30'000);
      const bool known = last_put.count(key) != 0;
      const PutOutcome outcome = Put(key, value);
      ASSERT_NE(outcome, PutOutcome::too_large);
      if (known && outcome == PutOutcome::inserted) ++missing;
      last_put[key] = std::move(value);
    } else if (what < 95) {
      const auto found = Get(key);
      const auto expected = last_put.find(key);
      if (found) {
        ASSERT_NE(expected, last_put.end());
        ASSERT_EQ(*found, expected->second);
      } else if (expected != last_put.end()) {
        last_put.erase(expected);
        ++missing;
      }
    } else {
      const bool there = Get(key).has_value();
      if (!there && last_put.count(key) != 0) ++missing;
      ASSERT_EQ(Erase(key), there);
      last_put.erase(key);
    }
    if (step % 1000 == 0) {
      ASSERT_EQ(cache_->check_invariants(), "");
    }
  }
  EXPECT_GT(missing, 0U);
  EXPECT_LE(missing, Stats().evictions);
}

INSTANTIATE_TEST_SUITE_P(Seeds, CacheModelTest, ::testing::Values(1U, 2U, 3U));

}  // namespace
}  // namespace cubby::test
