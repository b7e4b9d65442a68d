#include "core/slab.hpp"

#include <algorithm>
#include <cstring>
#include <set>
#include <span>
#include <vector>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace cubby::test {
namespace {

TEST(SizeClassTest, EverySizeFitsItsClassAndWastesLittle) {
  for (std::size_t bytes = 1; bytes <= kMaxSlotBytes; ++bytes) {
    const SizeClass c = size_class_of(bytes);
    ASSERT_GE(slot_bytes(c), bytes);
    if (c > 0) {
      ASSERT_LT(slot_bytes(static_cast<SizeClass>(c - 1)), bytes);
    }
    if (bytes >= 128) {
      ASSERT_LE(slot_charge(c), bytes + bytes / 4) << bytes;
    }
    ASSERT_EQ(slot_bytes(c) % kGranuleBytes, 0U);
  }
}

TEST(SizeClassTest, PagesHaveHardlyATail) {
  for (SizeClass c = 0; c < kSizeClassCount; ++c) {
    EXPECT_LT(kPageBytes - slots_per_page(c) * slot_bytes(c), slots_per_page(c) * kGranuleBytes);
  }
}

class SlabTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kPages = 64;

  Ref Take(SizeClass c) {
    const Ref slot = slab_.allocate(c);
    if (slot != 0) store_meta(header_at(arena_, slot), SlotMeta().with_owner(1).as_block());
    return slot;
  }
  std::vector<Ref> TakePages(SizeClass c, std::size_t pages) {
    std::vector<Ref> slots;
    for (std::size_t i = 0; i < pages * slots_per_page(c); ++i) slots.push_back(Take(c));
    return slots;
  }

  Arena arena_{kPages * kPageBytes};
  Slab slab_{arena_};
};

TEST_F(SlabTest, SlotsDoNotOverlap) {
  for (SizeClass c = 0; c < kSizeClassCount; c = static_cast<SizeClass>(c + 5)) {
    std::vector<Ref> slots = TakePages(c, 2);
    std::set<Ref> sorted(slots.begin(), slots.end());
    Ref end = 0;
    for (const Ref slot : sorted) {
      EXPECT_GE(slot, end);
      end = slot + slot_bytes(c) / std::uint32_t{kGranuleBytes};
    }
    EXPECT_EQ(sorted.size(), slots.size());
    for (const Ref slot : slots) slab_.free(slot, c);
    EXPECT_EQ(arena_.pages_in_use(), 0U);
  }
}

TEST_F(SlabTest, AFreedSlotServesTheNextOfItsClass) {
  const SizeClass c = size_class_of(100);
  const std::vector<Ref> slots = TakePages(c, 3);
  slab_.free(slots[7], c);
  EXPECT_EQ(Take(c), slots[7]);
  EXPECT_EQ(arena_.pages_in_use(), 3U);
}

TEST_F(SlabTest, AnEmptyPageServesAnotherClass) {
  const SizeClass small = size_class_of(40);
  for (const Ref slot : TakePages(small, kPages)) slab_.free(slot, small);
  EXPECT_EQ(TakePages(kLargestClass, kPages).back() != 0, true);
  EXPECT_EQ(slab_.allocate(kLargestClass), 0U);
  EXPECT_EQ(slab_.allocate(small), 0U);
}

TEST_F(SlabTest, NewSlotsSayThatTheyAreUnusedWhateverWasInThePage) {
  const std::vector<Ref> slots = TakePages(kLargestClass, 1);
  for (const Ref slot : slots) {
    std::memset(arena_.at(slot), 0xff, kMaxSlotBytes);
    slab_.free(slot, kLargestClass);
  }
  const SizeClass small = size_class_of(40);
  for (std::uint32_t i = 0; i < slots_per_page(small); ++i) {
    EXPECT_FALSE(load_meta(header_at(arena_, slab_.allocate(small))).used());
  }
}

TEST_F(SlabTest, NothingIsDrainedUntilUnusedSlotsWouldFillAPage) {
  const SizeClass c = size_class_of(1000);
  const std::vector<Ref> slots = TakePages(c, 4);
  const std::uint32_t n = slots_per_page(c);
  for (std::uint32_t i = 0; i + 1 < n; ++i) slab_.free(slots[i % 4 * n + i / 4], c);
  EXPECT_FALSE(Slab::Visit(slab_));
  slab_.free(slots[(n - 1) % 4 * n + (n - 1) / 4], c);
  EXPECT_TRUE(Slab::Visit(slab_));
}

TEST_F(SlabTest, AnEmptiedPageGoesBackWhenTheVisitEnds) {
  const SizeClass c = size_class_of(1000);
  const std::uint32_t n = slots_per_page(c);
  const std::vector<Ref> slots = TakePages(c, 2);
  // A page with one used slot, and one with one unused: the emptier one is chosen.
  for (std::uint32_t i = 0; i + 1 < n; ++i) slab_.free(slots[i], c);
  slab_.free(slots[n], c);
  {
    const Slab::Visit visit(slab_);
    ASSERT_TRUE(visit);
    EXPECT_EQ(visit.slots(), n);
    EXPECT_EQ(visit.slot(0), slots[0]);
    EXPECT_EQ(Arena::page_of(Take(c)), Arena::page_of(slots[n]));
    EXPECT_FALSE(visit.empty());
    slab_.free(slots[n - 1], c);
    EXPECT_TRUE(visit.empty());
    EXPECT_EQ(arena_.pages_in_use(), 2U);
  }
  EXPECT_EQ(arena_.pages_in_use(), 1U);
}

TEST_F(SlabTest, AVisitThatChangesNothingLeavesItsSlotsUsable) {
  const SizeClass c = size_class_of(1000);
  const std::vector<Ref> slots = TakePages(c, 2);
  EXPECT_TRUE(Slab::Visit(slab_, Arena::page_of(slots[0])));
  for (std::uint32_t i = 0; i < slots_per_page(c); i += 2) {
    slab_.free(slots[i], c);
    slab_.free(slots[i + slots_per_page(c)], c);
  }
  EXPECT_TRUE(Slab::Visit(slab_));
  EXPECT_TRUE(Slab::Visit(slab_, Arena::page_of(slots[0])));
  for (std::uint32_t i = 0; i < slots_per_page(c); ++i) EXPECT_NE(Take(c), 0U);
  EXPECT_EQ(arena_.pages_in_use(), 2U);
}

TEST_F(SlabTest, APageThatIsNotInUseIsNotVisited) {
  const SizeClass c = size_class_of(1000);
  const std::vector<Ref> slots = TakePages(c, 1);
  for (const Ref slot : slots) slab_.free(slot, c);
  EXPECT_FALSE(Slab::Visit(slab_, Arena::page_of(slots[0])));
  EXPECT_FALSE(Slab::Visit(slab_, kPages));
}

// As the kernel says it of the addresses, in pages.
std::size_t resident(const Arena& arena, PageNumber first, std::size_t pages) {
  const std::size_t system_page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> map(pages * kPageBytes / system_page);
  EXPECT_EQ(::mincore(arena.at(Arena::first_ref(first)), pages * kPageBytes, map.data()), 0);
  const auto count = std::count_if(map.begin(), map.end(), [](auto m) { return (m & 1) != 0; });
  return static_cast<std::size_t>(count) * system_page / kPageBytes;
}

TEST_F(SlabTest, EmptyPagesAreKeptUntilTheyAreTrimmed) {
  Arena arena(1000 * kPageBytes);
  std::vector<PageNumber> pages;
  for (int i = 0; i < 1000; ++i) pages.push_back(arena.acquire_page());
  EXPECT_EQ(arena.acquire_page(), 0U);
  for (const PageNumber page : pages) {
    std::memset(arena.at(Arena::first_ref(page)), 1, kPageBytes);
  }
  EXPECT_EQ(resident(arena, pages.front(), 1000), 1000U);
  const std::span all(pages);
  arena.release_pages(all.first(400));
  EXPECT_EQ(arena.resident_pages(), 1000U);
  while (arena.trim(700)) EXPECT_GE(arena.resident_pages(), 700U);
  EXPECT_EQ(arena.resident_pages(), 700U);
  EXPECT_EQ(resident(arena, pages.front(), 1000), 700U);
  while (arena.trim(0)) {
  }
  EXPECT_EQ(arena.resident_pages(), 600U) << "what is in use stays";
  for (const PageNumber page : all.subspan(400)) arena.release_page(page);
  EXPECT_EQ(arena.pages_in_use(), 0U);
  std::set<PageNumber> again;
  for (int i = 0; i < 1000; ++i) again.insert(arena.acquire_page());
  EXPECT_EQ(again, std::set<PageNumber>(pages.begin(), pages.end()));
}

}  // namespace
}  // namespace cubby::test
