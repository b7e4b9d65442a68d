// Cache::update(): what each kind of change does.

#include <algorithm>
#include <list>
#include <new>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/cache_fixture.hpp"

namespace cubby::test {
namespace {

using std::chrono::milliseconds;
using Kind = Change::Kind;

class UpdateTest : public CacheFixture {
 protected:
  template <class Decide>
  UpdateOutcome Update(std::string_view key, Decide decide) {
    return cache_->update(cache_->prepare(key), decide);
  }
  UpdateOutcome Do(std::string_view key, const Change& change) {
    return Update(key, [&](const ValueView*) { return change; });
  }
  std::optional<milliseconds> Ttl(std::string_view key) {
    std::optional<milliseconds> ttl;
    EXPECT_TRUE(cache_->get(key, [&](const ValueView& value) { ttl = value.ttl(); }));
    return ttl;
  }
};

std::string text_of(const ValueView* value) {
  std::string text;
  if (value != nullptr) value->append_to(text);
  return text;
}

TEST_F(UpdateTest, SeesTheEntryOrNone) {
  Make();
  Put("key", "value", {.ttl = milliseconds(500), .flags = 3});
  clock_.advance(milliseconds(100));
  bool called = false;
  EXPECT_EQ(Update("key",
                   [&](const ValueView* current) {
                     called = true;
                     EXPECT_NE(current, nullptr);
                     EXPECT_EQ(text_of(current), "value");
                     EXPECT_EQ(current->flags(), 3);
                     EXPECT_EQ(current->ttl(), milliseconds(400));
                     return Change();
                   }),
            UpdateOutcome::unchanged);
  EXPECT_TRUE(called);
  const auto expect_none = [](const ValueView* current) {
    EXPECT_EQ(current, nullptr);
    return Change();
  };
  EXPECT_EQ(Update("other", expect_none), UpdateOutcome::unchanged);
  clock_.advance(milliseconds(400));
  EXPECT_EQ(Update("key", expect_none), UpdateOutcome::unchanged) << "it has expired";
  EXPECT_EQ(Stats().hits, 1U);
  EXPECT_EQ(Stats().misses, 2U);
  EXPECT_EQ(Stats().expirations, 1U);
}

TEST_F(UpdateTest, Stores) {
  Make();
  EXPECT_EQ(Do("key", {.kind = Kind::store, .value = "one", .flags = 5}), UpdateOutcome::inserted);
  EXPECT_EQ(Get("key"), "one");
  cache_->get("key", [](const ValueView& value) { EXPECT_EQ(value.flags(), 5); });
  EXPECT_EQ(Do("key", {.kind = Kind::store, .value = "two", .before = "before "}),
            UpdateOutcome::replaced);
  EXPECT_EQ(Get("key"), "before two");
  EXPECT_EQ(Stats().inserts, 1U);
  EXPECT_EQ(Stats().replacements, 1U);
  EXPECT_EQ(Stats().data_bytes, 13U);
}

TEST_F(UpdateTest, ErasesWhatIsThere) {
  Make();
  EXPECT_EQ(Do("key", {.kind = Kind::erase}), UpdateOutcome::unchanged);
  Put("key", "value");
  EXPECT_EQ(Do("key", {.kind = Kind::erase}), UpdateOutcome::erased);
  EXPECT_EQ(Get("key"), std::nullopt);
}

TEST_F(UpdateTest, SetsTheTimeToLive) {
  Make();
  EXPECT_EQ(Do("key", {.kind = Kind::set_ttl, .ttl = milliseconds(5)}), UpdateOutcome::unchanged);
  Put("key", "value", {.flags = 6});
  EXPECT_EQ(Ttl("key"), std::nullopt);
  EXPECT_EQ(Do("key", {.kind = Kind::set_ttl, .ttl = milliseconds(50)}), UpdateOutcome::ttl_set);
  EXPECT_EQ(Ttl("key"), milliseconds(50));
  EXPECT_EQ(Do("key", {.kind = Kind::set_ttl}), UpdateOutcome::ttl_set);
  EXPECT_EQ(Ttl("key"), milliseconds(50)) << "none was given";
  EXPECT_EQ(Do("key", {.kind = Kind::set_ttl, .ttl = milliseconds(0)}), UpdateOutcome::ttl_set);
  EXPECT_EQ(Ttl("key"), std::nullopt);
  EXPECT_EQ(Get("key"), "value");
  cache_->get("key", [](const ValueView& value) { EXPECT_EQ(value.flags(), 6); });
  EXPECT_EQ(Do("key", {.kind = Kind::set_ttl, .ttl = milliseconds(10)}), UpdateOutcome::ttl_set);
  clock_.advance(milliseconds(10));
  while (cache_->maintain()) {
  }
  EXPECT_EQ(Stats().entries, 0U) << "the sweep must know of the new time";
  Put("key", "value");
  EXPECT_EQ(Do("key", {.kind = Kind::set_ttl, .ttl = milliseconds(-1)}), UpdateOutcome::ttl_set);
  EXPECT_EQ(Get("key"), std::nullopt);
}

TEST_F(UpdateTest, StoringKeepsTheTimeThatIsLeftUnlessOneIsGiven) {
  Make();
  Put("key", "value", {.ttl = milliseconds(100)});
  clock_.advance(milliseconds(30));
  EXPECT_EQ(Do("key", {.kind = Kind::store, .value = "longer than before"}),
            UpdateOutcome::replaced);
  EXPECT_EQ(Ttl("key"), milliseconds(70));
  EXPECT_EQ(Do("key", {.kind = Kind::store, .ttl = milliseconds(5), .value = "v"}),
            UpdateOutcome::replaced);
  EXPECT_EQ(Ttl("key"), milliseconds(5));
  EXPECT_EQ(Do("new", {.kind = Kind::store, .value = "v"}), UpdateOutcome::inserted);
  EXPECT_EQ(Ttl("new"), std::nullopt);
}

// What is least recently used after each kind of change.
TEST_F(UpdateTest, OnlyAChangeIsAUse) {
  MakeExact(2);
  const auto survives = [&](const Change& change) {
    cache_->clear();
    Put("first", "1");
    Put("second", "2");
    Do("first", change);
    Put("third", "3");
    return Get("first").has_value();
  };
  EXPECT_FALSE(survives({}));
  EXPECT_TRUE(survives({.kind = Kind::store, .value = "x"}));
  EXPECT_TRUE(survives({.kind = Kind::store, .value = "another size"}));
  EXPECT_TRUE(survives({.kind = Kind::set_ttl}));
  EXPECT_TRUE(survives({.kind = Kind::set_ttl, .ttl = milliseconds(100)}));
}

TEST_F(UpdateTest, KeysThatNoEntryCanHave) {
  Make();
  for (const std::string& key : {std::string(), std::string(kMaxKeyBytes + 1, 'k')}) {
    EXPECT_EQ(Update(key,
                     [](const ValueView* current) {
                       EXPECT_EQ(current, nullptr);
                       return Change{.kind = Kind::store, .value = "v"};
                     }),
              UpdateOutcome::too_large);
    EXPECT_EQ(Do(key, {.kind = Kind::erase}), UpdateOutcome::unchanged);
    EXPECT_EQ(Do(key, {}), UpdateOutcome::unchanged);
    EXPECT_EQ(cache_->put(cache_->prepare(key), "v"), PutOutcome::too_large);
    EXPECT_FALSE(cache_->erase(cache_->prepare(key)));
  }
}

TEST_F(UpdateTest, WhatCanNeverFitLeavesAllAsItWas) {
  Make({.max_memory_bytes = 10,
        .shards = 1,
        .charge = [](std::string_view, std::size_t value_bytes) { return value_bytes; }});
  Put("key", "old");
  EXPECT_EQ(Do("key", {.kind = Kind::store, .value = "eleven byte"}), UpdateOutcome::too_large);
  EXPECT_EQ(Do("key", {.kind = Kind::store, .value = "eleven", .before = " byte"}),
            UpdateOutcome::too_large);
  EXPECT_EQ(Get("key"), "old");
}

TEST_F(UpdateTest, DecidesAnewWhenRoomHadToBeMade) {
  Make({.max_memory_bytes = 10,
        .shards = 1,
        .hash_seed = 1,
        .charge = [](std::string_view, std::size_t value_bytes) { return value_bytes; }});
  Put("key", "55555");
  Put("other", "55555");
  std::vector<std::string> seen;
  const auto grow = [&](const ValueView* current) {
    seen.push_back(current == nullptr ? "none" : text_of(current));
    return Change{.kind = Kind::store, .value = current == nullptr ? "new" : "666666"};
  };
  EXPECT_EQ(Update("key", grow), UpdateOutcome::replaced);
  EXPECT_EQ(seen, (std::vector<std::string>{"55555", "55555"}));
  EXPECT_EQ(Get("key"), "666666");
  EXPECT_EQ(Get("other"), std::nullopt);
  EXPECT_EQ(Stats().hits + Stats().misses, 3U) << "one of the update";
}

TEST_F(UpdateTest, DecidesAnewWhenTheEntryHasGoneMeanwhile) {
  Make({.max_memory_bytes = 10,
        .shards = 1,
        .hash_seed = 1,
        .charge = [](std::string_view, std::size_t value_bytes) { return value_bytes; }});
  Put("key", "55555", {.ttl = milliseconds(10)});
  Put("other", "55555");
  std::vector<std::string> seen;
  const auto grow = [&](const ValueView* current) {
    seen.push_back(current == nullptr ? "none" : text_of(current));
    clock_.advance(milliseconds(10));
    return Change{.kind = Kind::store, .value = current == nullptr ? "new" : "666666"};
  };
  EXPECT_EQ(Update("key", grow), UpdateOutcome::inserted);
  EXPECT_EQ(seen, (std::vector<std::string>{"55555", "none"}));
  EXPECT_EQ(Get("key"), "new");
}

TEST_F(UpdateTest, NoRoomIsSaid) {
  Make({.max_memory_bytes = 4 * kMinMemoryBytes, .shards = 4});
  ValueWriter writer(*cache_);
  const std::string half(3 * kMinMemoryBytes, 'x');
  ASSERT_EQ(writer.append(half), ValueWriter::Outcome::appended);
  const std::string value(kMinMemoryBytes, 'v');
  EXPECT_EQ(Do("key", {.kind = Kind::store, .value = value}), UpdateOutcome::no_room);
  EXPECT_EQ(Get("key"), std::nullopt);
}

TEST_F(UpdateTest, LargeValuesAreStoredFromBytesAndFromAWriter) {
  Make();
  const std::string large = patterned(3 * kLargeValueBytes, 1);
  int calls = 0;
  EXPECT_EQ(Update("key",
                   [&](const ValueView*) {
                     ++calls;
                     return Change{.kind = Kind::store,
                                   .value = std::string_view(large).substr(7),
                                   .before = std::string_view(large).substr(0, 7),
                                   .flags = 2,
                                   .notes = {8, 9}};
                   }),
            UpdateOutcome::inserted);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(Get("key"), large);
  cache_->get("key", [](const ValueView& value) {
    EXPECT_EQ(value.notes(), (Notes{8, 9}));
    EXPECT_EQ(value.flags(), 2);
  });
  const std::string other = patterned(2 * kLargeValueBytes, 2);
  ValueWriter writer(*cache_);
  writer.append(other);
  EXPECT_EQ(Do("key", {.written = &writer}), UpdateOutcome::unchanged);
  EXPECT_EQ(writer.size(), other.size());
  EXPECT_EQ(Do("key", {.kind = Kind::store, .written = &writer}), UpdateOutcome::replaced);
  EXPECT_EQ(writer.size(), 0U);
  EXPECT_EQ(Get("key"), other);
  EXPECT_EQ(Stats().detached_bytes, 0U);
}

// A callback that uses one buffer for everything, and whose bytes change after they were copied.
TEST_F(UpdateTest, ALargeValueIsWhatWasDecidedLast) {
  Make();
  std::string buffer(kLargeValueBytes + 1, 'a');
  int calls = 0;
  EXPECT_EQ(Update("key",
                   [&](const ValueView*) {
                     if (++calls == 2) buffer.back() = 'b';
                     return Change{.kind = Kind::store, .value = buffer};
                   }),
            UpdateOutcome::inserted);
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(Get("key"), buffer);
}

TEST_F(UpdateTest, ACallbackThatThrowsChangesNothing) {
  Make();
  Put("key", "value");
  EXPECT_THROW(Update("key", [](const ValueView*) -> Change { throw std::bad_alloc(); }),
               std::bad_alloc);
  EXPECT_EQ(Get("key"), "value");
}

TEST_F(UpdateTest, PreparedKeysPutAndErase) {
  Make();
  const PreparedKey key = cache_->prepare("key");
  EXPECT_EQ(cache_->put(key, "value"), PutOutcome::inserted);
  EXPECT_EQ(Get("key"), "value");
  ValueWriter writer(*cache_);
  writer.append("written");
  EXPECT_EQ(cache_->put(key, writer), PutOutcome::replaced);
  EXPECT_EQ(Get("key"), "written");
  EXPECT_TRUE(cache_->erase(key));
  EXPECT_FALSE(cache_->erase(key));
}

// Against a list from the most to the least recently used.
TEST_F(UpdateTest, DoesAsAReferenceInRandomOrder) {
  struct Entry {
    std::string key;
    std::string value;
    milliseconds expiry;  // 0: never
  };
  constexpr std::size_t kMost = 40;
  MakeExact(kMost);
  std::list<Entry> model;
  std::mt19937 random(7);
  for (int step = 0; step < 30'000; ++step) {
    const std::string key = std::to_string(random() % 60);
    const auto expired = [&](const Entry& entry) {
      return entry.expiry.count() != 0 && entry.expiry <= clock_.now();
    };
    auto at =
        std::find_if(model.begin(), model.end(), [&](const Entry& e) { return e.key == key; });
    if (at != model.end() && expired(*at)) {
      model.erase(at);
      at = model.end();
    }
    const bool there = at != model.end();
    Change change;
    change.kind = static_cast<Kind>(random() % 4);
    if (random() % 3 == 0) change.ttl = milliseconds(random() % 200);
    const std::string before = patterned(random() % 20, static_cast<unsigned>(random()));
    const std::string value = patterned(random() % 9000, static_cast<unsigned>(random()));
    change.before = before;
    change.value = value;
    const UpdateOutcome outcome = Update(key, [&](const ValueView* current) {
      EXPECT_EQ(current != nullptr, there);
      EXPECT_EQ(text_of(current), there ? at->value : "");
      return change;
    });
    const milliseconds expiry = !change.ttl                ? (there ? at->expiry : milliseconds(0))
                                : change.ttl->count() == 0 ? milliseconds(0)
                                                           : clock_.now() + *change.ttl;
    UpdateOutcome expected = UpdateOutcome::unchanged;
    if (change.kind == Kind::store) {
      expected = there ? UpdateOutcome::replaced : UpdateOutcome::inserted;
      if (there) model.erase(at);
      // What has expired goes before what has not; the clock stands still until it has been swept.
      if (model.size() == kMost) model.pop_back();
      model.push_front({key, before + value, expiry});
    } else if (there && change.kind == Kind::erase) {
      expected = UpdateOutcome::erased;
      model.erase(at);
    } else if (there && change.kind == Kind::set_ttl) {
      expected = UpdateOutcome::ttl_set;
      at->expiry = expiry;
      model.splice(model.begin(), model, at);
    }
    ASSERT_EQ(outcome, expected) << "step " << step;
    if (random() % 20 == 0) {
      clock_.advance(milliseconds(random() % 50));
      while (cache_->maintain()) {
      }
      std::erase_if(model, expired);
    }
    ASSERT_EQ(Stats().entries, model.size()) << "step " << step;
  }
}

// Shards, and the bytes of a value before and after.
struct Growth {
  std::size_t shards;
  std::size_t before;
  std::size_t after;
};

class GrowingUpdateTest : public UpdateTest, public ::testing::WithParamInterface<Growth> {
 protected:
  // The key that was used least recently, where there is one shard; otherwise any.
  std::string OldestKey() {
    std::string oldest;
    std::optional<std::uint64_t> next = 0;
    while (next) {
      next = cache_->list(*next, {.most = 1000, .most_examined = 1000},
                          [&](std::string_view key, const ValueView&) {
                            if (oldest.empty() || key < oldest) oldest = key;
                            return true;
                          });
    }
    return oldest;
  }
};

TEST_P(GrowingUpdateTest, IsNotOfWhatItHasEvictedItself) {
  const auto [shards, before, after] = GetParam();
  Make({.max_memory_bytes = std::size_t{16} << 20, .shards = shards});
  int number = 1'000'000;
  const std::string value = patterned(before, 1);
  const auto fill = [&] {
    for (const auto evictions = Stats().evictions; Stats().evictions == evictions;) {
      ASSERT_EQ(Put(std::to_string(number++), value), PutOutcome::inserted);
    }
  };
  const std::string larger = patterned(after, 2);
  for (int round = 0; round < 100; ++round) {
    fill();
    const std::string key = OldestKey();
    EXPECT_EQ(Do(key, {.kind = Kind::store, .value = larger}), UpdateOutcome::replaced);
    ASSERT_TRUE(Erase(key));
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, GrowingUpdateTest,
                         ::testing::Values(Growth{1, 100, 1000}, Growth{64, 100, 1000},
                                           Growth{1, 1000, 400'000}, Growth{1, 400'000, 600'000},
                                           Growth{64, 400'000, 600'000},
                                           Growth{64, 4'000'000, 6'000'000}));

TEST_F(UpdateTest, TouchMakesAnEntryTheMostRecentlyUsed) {
  MakeExact(2);
  Put("a", "1");
  Put("b", "2");
  const CacheStats before = Stats();
  EXPECT_EQ(cache_->touch(cache_->prepare("a")), 1U);
  EXPECT_EQ(cache_->touch(cache_->prepare("nothing")), std::nullopt);
  EXPECT_EQ(cache_->touch(cache_->prepare("")), std::nullopt);
  EXPECT_EQ(Stats().hits, before.hits);
  EXPECT_EQ(Stats().misses, before.misses);
  Put("c", "3");
  EXPECT_EQ(Get("a"), "1");
  EXPECT_EQ(Get("b"), std::nullopt);
}

}  // namespace
}  // namespace cubby::test
