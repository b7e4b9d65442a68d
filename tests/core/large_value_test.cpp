// Values that are kept in pages of their own: written piece by piece, and read while their entry
// goes.

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/arena.hpp"
#include "core/cache_fixture.hpp"

namespace cubby::test {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kLarge = kLargeValueBytes + 1;

class LargeValueTest : public CacheFixture {
 protected:
  void MakeOf(std::size_t limit) {
    Make({.max_memory_bytes = limit, .shards = 4});
    limit_ = limit;
  }

  void TearDown() override {
    CacheFixture::TearDown();
    EXPECT_LE(Stats().charged_bytes, limit_);
  }

  PinnedValue Pin(std::string_view key) {
    PinnedValue pinned;
    cache_->get(key, [&](const ValueView& value) { pinned = value.pin(); });
    return pinned;
  }

  static std::string Read(const PinnedValue& value) {
    std::string text;
    while (text.size() < value.size()) text += value.part(text.size());
    return text;
  }

  std::size_t limit_ = 0;
};

TEST_F(LargeValueTest, AllSizesAroundTheLimitAndThePagesReadBack) {
  MakeOf(32 * kMiB);
  for (const std::size_t size :
       {kLargeValueBytes - 1, kLargeValueBytes, kLarge, kLargeValueBytes + kPageBytes - 1,
        kLargeValueBytes + kPageBytes, kLargeValueBytes + kPageBytes + 1, 5 * kMiB + 17}) {
    const std::string value = patterned(size, static_cast<unsigned>(size));
    EXPECT_EQ(Put("key", value),
              size == kLargeValueBytes - 1 ? PutOutcome::inserted : PutOutcome::replaced);
    EXPECT_EQ(Get("key"), value) << size;
    std::string appended = "before ";
    std::string copied(size, '\0');
    cache_->get("key", [&](const ValueView& view) {
      EXPECT_EQ(view.size(), size);
      view.append_to(appended);
      view.copy_to(copied.data());
    });
    EXPECT_EQ(appended, "before " + value);
    EXPECT_EQ(copied, value);
    EXPECT_EQ(static_cast<bool>(Pin("key")), size > kLargeValueBytes) << size;
    EXPECT_EQ(Read(Pin("key")), size > kLargeValueBytes ? value : "") << size;
    EXPECT_EQ(cache_->check_invariants(), "") << size;
  }
}

TEST_F(LargeValueTest, TakesWholePagesAndGivesThemBack) {
  MakeOf(32 * kMiB);
  Put("key", "small");
  const auto before = Stats();
  Put("key", patterned(kMiB, 1));
  const std::size_t pages = kMiB / kPageBytes;
  EXPECT_GE(Stats().entry_bytes, before.entry_bytes + pages * kPageBytes);
  EXPECT_LE(Stats().entry_bytes, before.entry_bytes + (pages + 1) * kPageBytes);
  EXPECT_EQ(Stats().detached_bytes, 0U);
  EXPECT_EQ(Stats().data_bytes, 3 + kMiB);
  Put("key", "small");
  EXPECT_EQ(Stats().charged_bytes, before.charged_bytes);
}

TEST_F(LargeValueTest, IsWrittenInPiecesOfAnySize) {
  MakeOf(32 * kMiB);
  const std::string value = patterned(700'000, 3);
  for (const std::size_t piece : {std::size_t{999}, kPageBytes, kPageBytes + 1, value.size()}) {
    ValueWriter writer(*cache_);
    for (std::size_t at = 0; at < value.size(); at += piece) {
      EXPECT_EQ(writer.append(std::string_view(value).substr(at, piece)),
                ValueWriter::Outcome::appended);
    }
    EXPECT_EQ(writer.size(), value.size());
    EXPECT_EQ(writer.memory_bytes(), Stats().detached_bytes);
    EXPECT_EQ(cache_->check_invariants(), "");
    EXPECT_NE(cache_->put("key", writer, {.flags = 5, .notes = {77, 78}}), PutOutcome::no_room);
    EXPECT_EQ(writer.size(), 0U);
    EXPECT_EQ(Stats().detached_bytes, 0U);
    EXPECT_EQ(Get("key"), value);
    EXPECT_EQ(Pin("key").notes(), (Notes{77, 78}));
    cache_->get("key", [](const ValueView& view) { EXPECT_EQ(view.flags(), 5); });
  }
}

TEST_F(LargeValueTest, AWriterOfLittleWritesAnOrdinaryValue) {
  MakeOf(32 * kMiB);
  ValueWriter writer(*cache_);
  EXPECT_EQ(cache_->put("empty", writer), PutOutcome::inserted);
  EXPECT_EQ(Get("empty"), "");
  const std::string value = patterned(kLargeValueBytes, 9);
  writer.append(value);
  EXPECT_EQ(cache_->put("key", writer), PutOutcome::inserted);
  EXPECT_EQ(writer.size(), 0U);
  EXPECT_EQ(Get("key"), value);
  EXPECT_FALSE(Pin("key"));
}

TEST_F(LargeValueTest, TheFrontOfWhatHasBeenWrittenCanBeOverwritten) {
  MakeOf(32 * kMiB);
  for (const std::size_t size : {kFrontBytes, std::size_t{5000}, kLarge}) {
    const std::string value = patterned(size, 9);
    for (const std::string& front : {std::string("F"), std::string(kFrontBytes, 'f')}) {
      ValueWriter writer(*cache_);
      ASSERT_EQ(writer.append(value), ValueWriter::Outcome::appended);
      writer.overwrite_front("");
      writer.overwrite_front("over");
      writer.overwrite_front(front);
      EXPECT_EQ(writer.size(), size);
      ASSERT_LE(cache_->put("key", writer), PutOutcome::replaced);
      const std::string over = std::string("over") + value.substr(4);
      EXPECT_EQ(Get("key"), front + over.substr(front.size()));
    }
  }
}

TEST_F(LargeValueTest, AWriterThatIsNotPutLeavesNothing) {
  MakeOf(32 * kMiB);
  const auto before = Stats().charged_bytes;
  {
    ValueWriter writer(*cache_);
    writer.append(patterned(3 * kMiB, 1));
    EXPECT_GT(Stats().charged_bytes, before + 3 * kMiB);
    EXPECT_EQ(cache_->put("", writer), PutOutcome::too_large);
    EXPECT_EQ(writer.size(), 3 * kMiB) << "it is still there";
    writer.clear();
    EXPECT_EQ(Stats().charged_bytes, before);
    writer.append(patterned(kMiB, 1));
  }
  EXPECT_EQ(Stats().charged_bytes, before);
}

TEST_F(LargeValueTest, WritingEvictsWhatWasUsedLongestAgo) {
  MakeOf(8 * kMiB);
  for (int i = 0; i < 120; ++i) Put("key:" + std::to_string(i), patterned(80'000, 1));
  EXPECT_GT(Stats().evictions, 0U);
  const auto entries = Stats().entries;
  ValueWriter writer(*cache_);
  EXPECT_EQ(writer.append(patterned(4 * kMiB, 2)), ValueWriter::Outcome::appended);
  EXPECT_LT(Stats().entries, entries / 2 + 10);
  EXPECT_GT(Stats().entries, entries / 2 - 15);
  EXPECT_EQ(Get("key:119"), patterned(80'000, 1));
}

TEST_F(LargeValueTest, WhatCanNeverFitIsRefusedBeforeItIsAllThere) {
  MakeOf(8 * kMiB);
  Put("small", "v");
  Put("key", patterned(kLarge, 1));
  EXPECT_EQ(Put("key", std::string(8 * kMiB, 'v')), PutOutcome::too_large);
  EXPECT_EQ(Get("key"), patterned(kLarge, 1)) << "nothing was evicted for it";
  ValueWriter writer(*cache_);
  std::size_t written = 0;
  auto outcome = ValueWriter::Outcome::appended;
  while (outcome == ValueWriter::Outcome::appended && written < 9 * kMiB) {
    outcome = writer.append(std::string(kMiB, 'v'));
    written += kMiB;
  }
  EXPECT_EQ(outcome, ValueWriter::Outcome::too_large);
  EXPECT_EQ(written, 8 * kMiB);
  EXPECT_EQ(writer.size(), 0U);
  EXPECT_EQ(Stats().detached_bytes, 0U);
}

TEST_F(LargeValueTest, TheLargestThatFitsIsStored) {
  MakeOf(8 * kMiB);
  // Half a page less than what the index leaves, and the entry beside its pages.
  const std::size_t pages = (8 * kMiB - Stats().index_bytes) / (kPageBytes + 8);
  const std::string value = patterned(pages * kPageBytes, 1);
  EXPECT_EQ(Put("key", value), PutOutcome::inserted);
  EXPECT_EQ(Get("key"), value);
  EXPECT_EQ(Put("other", value), PutOutcome::inserted) << "the first goes for it";
  EXPECT_EQ(Get("other"), value);
  EXPECT_EQ(Put("key", value + std::string(kPageBytes, 'v')), PutOutcome::too_large);
}

TEST_F(LargeValueTest, TwoWritersThatDoNotFitTogether) {
  MakeOf(8 * kMiB);
  ValueWriter first(*cache_);
  ValueWriter second(*cache_);
  EXPECT_EQ(first.append(patterned(5 * kMiB, 1)), ValueWriter::Outcome::appended);
  EXPECT_EQ(second.append(patterned(5 * kMiB, 2)), ValueWriter::Outcome::no_room);
  EXPECT_EQ(second.size(), 0U);
  EXPECT_EQ(cache_->put("key", first), PutOutcome::inserted);
  EXPECT_EQ(second.append(patterned(5 * kMiB, 2)), ValueWriter::Outcome::appended)
      << "an entry's value can go";
  EXPECT_EQ(Get("key"), std::nullopt);
}

TEST_F(LargeValueTest, APinnedValueOutlivesItsEntry) {
  MakeOf(16 * kMiB);
  const std::string value = patterned(2 * kMiB, 1);
  const auto before = Stats().charged_bytes;
  const auto erase = [&] { EXPECT_TRUE(Erase("key")); };
  const auto replace = [&] { Put("key", "other"); };
  const auto overwrite = [&] { Put("key", patterned(2 * kMiB, 2)); };
  const auto clear = [&] {
    cache_->clear();
    while (cache_->maintain()) {
    }
  };
  const auto evict = [&] {
    for (int i = 0; i < 20; ++i) Put("filler" + std::to_string(i), patterned(kMiB, 3));
  };
  const auto expire = [&] {
    clock_.advance(std::chrono::seconds(10));
    while (cache_->maintain()) {
    }
  };
  for (const auto& go :
       std::vector<std::function<void()>>{erase, replace, overwrite, clear, evict, expire}) {
    Put("key", value, {.ttl = std::chrono::seconds(10)});
    PinnedValue pinned = Pin("key");
    const PinnedValue copy = pinned;
    EXPECT_EQ(Stats().detached_bytes, 0U);
    go();
    EXPECT_NE(Get("key"), value);
    EXPECT_GE(Stats().detached_bytes, 2 * kMiB);
    EXPECT_EQ(cache_->check_invariants(), "");
    pinned = PinnedValue();
    EXPECT_EQ(Read(copy), value);
  }
  EXPECT_EQ(Stats().detached_bytes, 0U);
  clear();
  EXPECT_EQ(Stats().charged_bytes, before);
}

TEST_F(LargeValueTest, PinnedMemoryIsNotPromisedToOthers) {
  MakeOf(8 * kMiB);
  Put("key", patterned(6 * kMiB, 1));
  const PinnedValue pinned = Pin("key");
  EXPECT_EQ(Put("other", patterned(3 * kMiB, 2)), PutOutcome::no_room);
  EXPECT_EQ(Put("small", patterned(kMiB, 2)), PutOutcome::inserted);
}

TEST_F(LargeValueTest, CountsAsOneWhereChargesAreCustom) {
  Make({.max_memory_bytes = 2, .shards = 1, .charge = unit_charge()});
  limit_ = 2;
  for (int i = 0; i < 5; ++i) Put("key" + std::to_string(i), patterned(kMiB, 1));
  EXPECT_EQ(Stats().entries, 2U);
  EXPECT_EQ(Stats().charged_bytes, 2U);
  const PinnedValue pinned = Pin("key4");
  Erase("key4");
  EXPECT_EQ(Stats().charged_bytes, 1U);
}

TEST_F(LargeValueTest, ReadersAndWritersOfOneKeyOnSeveralThreads) {
  MakeOf(12 * kMiB);
  const std::vector<std::string> values{patterned(kLarge, 1), patterned(kMiB, 2), patterned(100, 3),
                                        patterned(700'000, 4)};
  std::vector<std::thread> threads;
  for (int id = 0; id < 4; ++id) {
    threads.emplace_back([&, id] {
      for (int round = 0; round < 200; ++round) {
        const std::string key = "key" + std::to_string((round + id) % 3);
        if (id % 2 == 0) {
          cache_->put(key, values[static_cast<std::size_t>(round) % values.size()]);
        } else if (round % 50 == 49) {
          cache_->erase(key);
        } else if (const auto value = cache_->get(key)) {
          EXPECT_NE(std::find(values.begin(), values.end(), *value), values.end());
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST_F(LargeValueTest, EmptyPagesGoBackToTheSystemBitByBit) {
  MakeOf(64 * kMiB);
  Put("key", patterned(48 * kMiB, 1));
  Erase("key");
  EXPECT_GE(Stats().slack_bytes, 48 * kMiB) << "freeing so much at once would take long";
  int calls = 1;
  while (cache_->maintain()) ++calls;
  EXPECT_GT(calls, 10);
  EXPECT_LE(Stats().slack_bytes, 4 * kMiB);
}

}  // namespace
}  // namespace cubby::test
