#include "app/budget.hpp"

#include <string>

#include <gtest/gtest.h>

#include <cubby/cache_options.hpp>

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

TEST(Budget, AShareLeavesWhatMustStayFree) {
  // 30% of this is exactly the reserve.
  constexpr std::uint64_t kBoth = kReservedBytes * 10 / 3;
  EXPECT_EQ(make_budget({.percentage = 70}, machine_with(kBoth + 10)).reason,
            "70% of 106.67 MiB, the machine's memory");
  const Budget below = make_budget({.percentage = 70}, machine_with(kBoth - 10));
  EXPECT_EQ(below.bytes, kBoth - 10 - kReservedBytes);
  EXPECT_EQ(below.reason,
            "all but 32 MiB of 106.67 MiB, the machine's memory; 70% would leave less");

  EXPECT_EQ(make_budget({.percentage = 70}, machine_with(64 * kMiB)).bytes, 32 * kMiB);
  const Budget all = make_budget({.percentage = 100}, machine_with(2048 * kMiB));
  EXPECT_EQ(all.bytes, 2016 * kMiB);
  EXPECT_EQ(all.reason, "all but 32 MiB of 2 GiB, the machine's memory; 100% would leave less");
  EXPECT_EQ(all.warning, "");
}

TEST(Budget, AShareThatIsTooSmallIsRefusedWithTheSmallestThatWillDo) {
  EXPECT_EQ(make_budget({.percentage = 70}, machine_with(40 * kMiB)).bytes, 8 * kMiB);
  EXPECT_EQ(make_budget({.percentage = 70}, machine_with(40 * kMiB - 1)).problem,
            "70% of 40 MiB, the machine's memory, with at least 32 MiB left free, is less than "
            "8 MiB, the smallest that will do: it takes a machine or a container of at least "
            "40 MiB, or --max-memory 8m");
  EXPECT_EQ(make_budget({.percentage = 70}, machine_with(0)).problem,
            "70% of 0 bytes, the machine's memory, with at least 32 MiB left free, is less than "
            "8 MiB, the smallest that will do: it takes a machine or a container of at least "
            "40 MiB, or --max-memory 8m");
}

TEST(Budget, TheSmallestThatIsNamedWillDoAndLessWillNot) {
  const struct {
    double percentage;
    std::uint64_t least_mib;
  } cases[] = {{100, 40}, {70, 40}, {20, 40},    {19.9, 41},  {12.5, 64},  {10, 80},
               {3, 267},  {1, 800}, {0.7, 1143}, {0.3, 2667}, {0.1, 8000}, {0.001, 800'000}};
  for (const auto& [percentage, least_mib] : cases) {
    const MemoryAmount amount{.percentage = percentage};
    EXPECT_EQ(make_budget(amount, machine_with(least_mib * kMiB)).problem, "") << percentage;
    const Budget refused = make_budget(amount, machine_with((least_mib - 1) * kMiB));
    EXPECT_NE(refused.problem.find("at least " + std::to_string(least_mib) + " MiB, or"),
              std::string::npos)
        << refused.problem;
  }
}

TEST(Budget, AShareThatIsTooLargeIsLowered) {
  const Budget exact =
      make_budget({.percentage = 100}, machine_with(kMaxMemoryBytes + kReservedBytes));
  EXPECT_EQ(exact.bytes, kMaxMemoryBytes);
  EXPECT_EQ(exact.reason,
            "all but 32 MiB of 31.03 GiB, the machine's memory; 100% would leave less");
  const Budget above =
      make_budget({.percentage = 100}, machine_with(kMaxMemoryBytes + kReservedBytes + 1));
  EXPECT_EQ(above.bytes, kMaxMemoryBytes);
  EXPECT_EQ(above.reason,
            "the most that can be used; 100% of 31.03 GiB, the machine's memory, would be more");
}

TEST(Budget, BytesAreTakenAsTheyAre) {
  const Budget fits = make_budget({.bytes = 64 * kMiB}, machine_with(96 * kMiB));
  EXPECT_EQ(fits.bytes, 64 * kMiB);
  EXPECT_EQ(fits.reason, "");
  EXPECT_EQ(fits.warning, "");
}

TEST(Budget, BytesThatLeaveTooLittleAreWarnedOf) {
  const Budget above = make_budget({.bytes = 64 * kMiB + 1}, machine_with(96 * kMiB));
  EXPECT_EQ(above.bytes, 64 * kMiB + 1);
  EXPECT_EQ(above.problem, "");
  EXPECT_EQ(above.reason, "which leaves less than 32 MiB free of 96 MiB, the machine's memory");
  EXPECT_EQ(above.warning,
            "the memory limit of 64 MiB leaves less than 32 MiB free of 96 MiB, the machine's "
            "memory: the kernel may kill the process");
  EXPECT_NE(make_budget({.bytes = 8 * kMiB}, machine_with(kReservedBytes - 1)).warning, "");
}

}  // namespace
}  // namespace cubby::app
