// Memory beside the cache's own that counts against its budget.

#include <string>

#include "core/cache_fixture.hpp"

namespace cubby::test {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

class ReservationTest : public CacheFixture {
 protected:
  ReservationTest() { Make({.max_memory_bytes = 8 * kMiB, .shards = 4}); }

  int Fill() {
    int count = 0;
    while (Stats().evictions == 0) Put("key:" + std::to_string(count++), patterned(1000, 1));
    return count;
  }
};

TEST_F(ReservationTest, CountsUntilItIsGone) {
  const auto before = Stats().charged_bytes;
  {
    Cache::Reservation reservation(*cache_);
    EXPECT_TRUE(reservation.resize(kMiB));
    EXPECT_EQ(Stats().charged_bytes, before + kMiB);
    EXPECT_EQ(Stats().reserved_bytes, kMiB);
    EXPECT_EQ(Stats().entry_bytes, 0U);
    EXPECT_EQ(cache_->check_invariants(), "");
    EXPECT_TRUE(reservation.resize(kMiB / 2));
    EXPECT_EQ(Stats().reserved_bytes, kMiB / 2);
  }
  EXPECT_EQ(Stats().charged_bytes, before);
  EXPECT_EQ(Stats().reserved_bytes, 0U);
}

TEST_F(ReservationTest, EntriesMakeRoomForIt) {
  Fill();
  const auto full = Stats();
  Cache::Reservation reservation(*cache_);
  EXPECT_TRUE(reservation.resize(4 * kMiB));
  EXPECT_LE(Stats().charged_bytes, 8 * kMiB);
  EXPECT_GT(Stats().evictions, full.evictions + 1000);
  EXPECT_GT(Stats().entries, 0U);
  EXPECT_LE(Stats().entry_bytes, 4 * kMiB);
}

TEST_F(ReservationTest, TakesWhatTheIndexLeavesAndNotAByteMore) {
  Cache::Reservation reservation(*cache_);
  const std::size_t most = 8 * kMiB - Stats().index_bytes;
  EXPECT_FALSE(reservation.resize(most + 1));
  EXPECT_EQ(reservation.bytes(), 0U);
  EXPECT_EQ(Stats().reserved_bytes, 0U);
  EXPECT_TRUE(reservation.resize(most));
  EXPECT_EQ(Put("key", "value"), PutOutcome::no_room);
  EXPECT_TRUE(reservation.resize(most - 4096));
  EXPECT_EQ(Put("key", "value"), PutOutcome::inserted);
  EXPECT_EQ(Put("key", std::string(8000, 'v')), PutOutcome::no_room);
}

TEST_F(ReservationTest, WhatCannotFitBesideItIsTooLarge) {
  Cache::Reservation reservation(*cache_);
  ASSERT_TRUE(reservation.resize(kMiB / 2));
  for (int i = 0; i < 100; ++i) Put("key:" + std::to_string(i), "v");
  const std::size_t room = 8 * kMiB - Stats().index_bytes - kMiB / 2;
  EXPECT_EQ(Put("k", std::string(room, 'v')), PutOutcome::too_large) << "there is the entry too";
  EXPECT_EQ(Stats().entries, 100U) << "nothing went for it";
  EXPECT_EQ(Put("k", std::string(room - 100'000, 'v')), PutOutcome::inserted);
  EXPECT_EQ(Get("k"), std::string(room - 100'000, 'v'));
}

TEST_F(ReservationTest, WhatCannotBeHadEvictsNothing) {
  Cache::Reservation reservation(*cache_);
  ASSERT_TRUE(reservation.resize(4 * kMiB));
  Fill();
  const auto full = Stats();
  EXPECT_FALSE(reservation.resize(8 * kMiB));
  EXPECT_EQ(reservation.bytes(), 4 * kMiB);
  EXPECT_EQ(cache_->shortages(), 1U);
  EXPECT_EQ(Put("k", std::string(5 * kMiB, 'v')), PutOutcome::no_room);
  EXPECT_EQ(cache_->shortages(), 2U);
  EXPECT_EQ(cache_->update(cache_->prepare("k"),
                           [value = std::string(5 * kMiB, 'v')](const ValueView*) {
                             return Change{.kind = Change::Kind::store, .value = value};
                           }),
            UpdateOutcome::no_room);
  EXPECT_EQ(cache_->shortages(), 3U);
  EXPECT_FALSE(cache_->has_room(5 * kMiB));
  EXPECT_EQ(cache_->shortages(), 4U);
  EXPECT_TRUE(cache_->has_room(3 * kMiB));
  EXPECT_EQ(cache_->shortages(), 4U);
  EXPECT_EQ(Stats().evictions, full.evictions);
  EXPECT_EQ(Stats().entries, full.entries);
}

// What an update has credit for is in the way of nothing, not even of itself when it comes to
// another decision.
TEST_F(ReservationTest, AnUpdateNeverWaitsForItsOwnCredit) {
  Cache::Reservation reservation(*cache_);
  ASSERT_TRUE(reservation.resize(8 * kMiB - Stats().index_bytes - 400'000));
  Fill();
  const std::string chained(250'000, 'c');
  const std::string large(300'000, 'l');
  int asked = 0;
  const auto decide = [&](const ValueView*) {
    return Change{.kind = Change::Kind::store, .value = ++asked < 3 ? chained : large};
  };
  EXPECT_EQ(cache_->update(cache_->prepare("k"), decide), UpdateOutcome::inserted);
  EXPECT_GE(asked, 3);
  EXPECT_TRUE(Get("k") == large);
}

TEST_F(ReservationTest, WhatCouldFitWithoutItGetsNoRoomAndIsCounted) {
  Cache::Reservation reservation(*cache_);
  ASSERT_TRUE(reservation.resize(4 * kMiB));
  EXPECT_EQ(cache_->shortages(), 0U);
  EXPECT_EQ(Put("k", std::string(5 * kMiB, 'v')), PutOutcome::no_room);
  EXPECT_EQ(cache_->shortages(), 1U);
}

TEST_F(ReservationTest, PagesFollowIt) {
  Fill();
  Cache::Reservation reservation(*cache_);
  EXPECT_TRUE(reservation.resize(6 * kMiB));
  EXPECT_LE(Stats().entry_bytes + Stats().slack_bytes, 2 * kMiB + 4 * kMiB)
      << "what the allocator may keep is bounded";
}

}  // namespace
}  // namespace cubby::test
