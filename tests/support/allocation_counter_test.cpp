// That no way to allocate escapes the counter, on which what the other tests say depends.

#include "support/allocation_counter.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "support/sanitizers.hpp"

namespace cubby::test {
namespace {

struct alignas(64) Wide {
  char bytes[64];
};

// What goes through here the compiler must not leave out.
void* volatile escaped = nullptr;

void use_and_free(void* memory) {
  escaped = memory;
  std::free(escaped);
}

struct Way {
  const char* name;
  std::function<void()> allocate_and_free;
  std::size_t allocations = 1;
};

const Way kWays[] = {
    {"new",
     [] {
       int* const made = new int;
       escaped = made;
       delete made;
     }},
    {"new[]",
     [] {
       int* const made = new int[100];
       escaped = made;
       delete[] made;
     }},
    {"new, aligned",
     [] {
       auto* const made = new Wide;
       escaped = made;
       delete made;
     }},
    {"new, not throwing",
     [] {
       int* const made = new (std::nothrow) int;
       escaped = made;
       delete made;
     }},
    {"std::allocator", [] { escaped = std::string(100, 'x').data(); }},
    {"malloc", [] { use_and_free(std::malloc(1)); }},
    {"calloc", [] { use_and_free(std::calloc(2, 3)); }},
    {"realloc of nothing", [] { use_and_free(std::realloc(nullptr, 1)); }},
    {"realloc", [] { use_and_free(std::realloc(std::malloc(1), 1000)); }, 2},
    {"aligned_alloc", [] { use_and_free(std::aligned_alloc(64, 64)); }},
    {"posix_memalign",
     [] {
       void* made = nullptr;
       ASSERT_EQ(::posix_memalign(&made, 64, 64), 0);
       use_and_free(made);
     }},
    {"within the C library", [] { use_and_free(::strdup("x")); }},
};

class AllocationCounterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "sanitizers have an allocator of their own";
  }
};

TEST_F(AllocationCounterTest, SeesEveryWay) {
  for (const Way& way : kWays) {
    const std::size_t before = allocation_count();
    const std::ptrdiff_t live_before = live_allocations();
    way.allocate_and_free();
    EXPECT_EQ(allocation_count() - before, way.allocations) << way.name;
    EXPECT_EQ(live_allocations(), live_before) << way.name;
  }
}

TEST_F(AllocationCounterTest, TellsThreadsApart) {
  std::thread([] {
    const std::size_t others_before = allocations_of_others();
    use_and_free(std::malloc(1));
    EXPECT_EQ(allocations_of_others(), others_before);
  }).join();
  const std::size_t before = allocation_count();
  const std::size_t others_before = allocations_of_others();
  std::thread([] { use_and_free(std::malloc(1)); }).join();
  EXPECT_GT(allocations_of_others(), others_before);
  EXPECT_GT(allocation_count(), before) << "the thread itself";
}

TEST_F(AllocationCounterTest, AllocatesAsTheStandardSays) {
  void* made = this;
  EXPECT_EQ(::posix_memalign(&made, 3, 64), EINVAL);
  EXPECT_EQ(made, this);
  ASSERT_EQ(::posix_memalign(&made, 4096, 1), 0);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(made) % 4096, 0U);
  std::free(made);
}

}  // namespace
}  // namespace cubby::test
