#include "app/budget.hpp"

#include <string>

#include <gtest/gtest.h>

#include <cubby/cache.hpp>

namespace cubby::app {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

Machine machine_with(std::uint64_t bytes) {
  return {bytes, "the machine's memory", 2, "one a core"};
}

TEST(Budget, IsAShareOfWhatThereIs) {
  const Budget budget = make_budget({.percentage = 70}, machine_with(2048 * kMiB));
  EXPECT_EQ(budget.bytes, 1503238553U);
  EXPECT_EQ(budget.reason, "70% of 2 GiB, the machine's memory");
  EXPECT_EQ(budget.problem, "");
}

TEST(Budget, NamesTheContainersLimit) {
  const Machine machine{512 * kMiB, "the container's limit (/sys/fs/cgroup/memory.max)", 2, ""};
  EXPECT_EQ(make_budget({.percentage = 12.5}, machine).reason,
            "12.5% of 512 MiB, the container's limit (/sys/fs/cgroup/memory.max)");
}

TEST(Budget, AShareThatIsTooSmallIsRefusedWithTheSmallestThatWillDo) {
  EXPECT_EQ(make_budget({.percentage = 50}, machine_with(16 * kMiB)).bytes, 8 * kMiB);
  const Budget budget = make_budget({.percentage = 50}, machine_with(16 * kMiB - 1));
  EXPECT_EQ(budget.problem,
            "50% of 16 MiB, the machine's memory, is 8 MiB: the smallest that will do is 8 MiB");
  EXPECT_EQ(make_budget({.percentage = 70}, machine_with(0)).problem,
            "70% of 0 bytes, the machine's memory, is 0 bytes: the smallest that will do is 8 MiB");
}

TEST(Budget, AShareThatIsTooLargeIsLowered) {
  const Budget exact = make_budget({.percentage = 100}, machine_with(kMaxMemoryBytes));
  EXPECT_EQ(exact.bytes, kMaxMemoryBytes);
  EXPECT_EQ(exact.reason, "100% of 31 GiB, the machine's memory");
  const Budget above = make_budget({.percentage = 100}, machine_with(kMaxMemoryBytes + 1));
  EXPECT_EQ(above.bytes, kMaxMemoryBytes);
  EXPECT_EQ(above.reason,
            "the most that can be used; 100% of 31 GiB, the machine's memory, would be more");
}

TEST(Budget, BytesAreTakenAsTheyAre) {
  const Budget fits = make_budget({.bytes = 64 * kMiB}, machine_with(64 * kMiB));
  EXPECT_EQ(fits.bytes, 64 * kMiB);
  EXPECT_EQ(fits.reason, "");
  const Budget above = make_budget({.bytes = 65 * kMiB}, machine_with(64 * kMiB));
  EXPECT_EQ(above.bytes, 65 * kMiB);
  EXPECT_EQ(above.reason, "more than 64 MiB, the machine's memory");
}

}  // namespace
}  // namespace cubby::app
