#include "app/cgroup.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "app/machine.hpp"

namespace cubby::app {
namespace {

constexpr char kVersion2Mount[] =
    "30 22 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr char kVersion1MemoryMount[] =
    "34 30 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n";
constexpr char kVersion1CpuMount[] =
    "31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n";
constexpr char kOtherMounts[] =
    "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
    "23 22 0:5 / /proc rw - proc proc rw\n"
    "24 22 0:6 /memory /mnt rw - tmpfs memory rw,memory\n";

// A directory that stands for "/".
class CgroupTest : public testing::Test {
 protected:
  CgroupTest() {
    std::string path = testing::TempDir() + "cubby-cgroup-XXXXXX";
    root_ = mkdtemp(path.data());
  }
  ~CgroupTest() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = root_ / path.substr(1);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  void member_of(const std::string& lines) { write("/proc/self/cgroup", lines); }
  void mounts(const std::string& lines) { write("/proc/self/mountinfo", kOtherMounts + lines); }

  std::string memory() {
    const auto limit = cgroup_memory_limit(root_);
    return limit ? std::to_string(limit->bytes) + " " + limit->file : "none";
  }
  std::string cpu() {
    const auto quota = cgroup_cpu_quota(root_);
    return quota ? std::to_string(quota->cpus) + " " + quota->file : "none";
  }

  std::filesystem::path root_;
};

TEST_F(CgroupTest, NothingToReadMeansNoLimit) {
  EXPECT_EQ(memory(), "none");
  EXPECT_EQ(cpu(), "none");
}

TEST_F(CgroupTest, Version2InContainerSeesItsOwnGroupAtTheTop) {
  member_of("0::/\n");
  mounts(kVersion2Mount);
  write("/sys/fs/cgroup/memory.max", "2147483648\n");
  write("/sys/fs/cgroup/cpu.max", "150000 100000\n");
  EXPECT_EQ(memory(), "2147483648 /sys/fs/cgroup/memory.max");
  EXPECT_EQ(cpu(), "1.500000 /sys/fs/cgroup/cpu.max");
}

TEST_F(CgroupTest, Version2WithoutLimit) {
  member_of("0::/a\n");
  mounts(kVersion2Mount);
  write("/sys/fs/cgroup/a/memory.max", "max\n");
  EXPECT_EQ(memory(), "none");
  for (const char* quota :
       {"max 100000\n", "0 100000\n", "100000 0\n", "-1 100000\n", "100000\n"}) {
    write("/sys/fs/cgroup/a/cpu.max", quota);
    EXPECT_EQ(cpu(), "none") << quota;
  }
}

TEST_F(CgroupTest, TheSmallestOfOwnGroupAndItsParentsCounts) {
  member_of("0::/a/b/c\n");
  mounts(kVersion2Mount);
  write("/sys/fs/cgroup/a/memory.max", "1000\n");
  write("/sys/fs/cgroup/a/b/memory.max", "max\n");
  write("/sys/fs/cgroup/a/b/c/memory.max", "2000\n");
  write("/sys/fs/cgroup/a/b/c/d/memory.max", "1\n");  // a group below is not ours
  write("/sys/fs/cgroup/x/memory.max", "1\n");        // nor is one beside
  write("/sys/fs/cgroup/a/cpu.max", "400000 100000\n");
  write("/sys/fs/cgroup/a/b/cpu.max", "25000 50000\n");
  EXPECT_EQ(memory(), "1000 /sys/fs/cgroup/a/memory.max");
  EXPECT_EQ(cpu(), "0.500000 /sys/fs/cgroup/a/b/cpu.max");
  write("/sys/fs/cgroup/a/b/c/memory.max", "999\n");
  EXPECT_EQ(memory(), "999 /sys/fs/cgroup/a/b/c/memory.max");
}

TEST_F(CgroupTest, Version1) {
  member_of("4:memory:/docker/1f\n3:cpuacct,cpu:/docker/1f\n2:pids:/elsewhere\n");
  mounts(std::string(kVersion1MemoryMount) + kVersion1CpuMount);
  write("/sys/fs/cgroup/memory/docker/1f/memory.limit_in_bytes", "536870912\n");
  write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("/sys/fs/cgroup/memory/elsewhere/memory.limit_in_bytes", "1\n");
  write("/sys/fs/cgroup/cpu,cpuacct/docker/1f/cpu.cfs_quota_us", "50000\n");
  write("/sys/fs/cgroup/cpu,cpuacct/docker/1f/cpu.cfs_period_us", "100000\n");
  write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(memory(), "536870912 /sys/fs/cgroup/memory/docker/1f/memory.limit_in_bytes");
  EXPECT_EQ(cpu(), "0.500000 /sys/fs/cgroup/cpu,cpuacct/docker/1f/cpu.cfs_quota_us");
}

TEST_F(CgroupTest, Version1WithoutQuota) {
  member_of("3:cpu:/\n");
  mounts(kVersion1CpuMount);
  for (const char* quota : {"-1\n", "0\n", "", "100000x\n"}) {
    write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", quota);
    write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(cpu(), "none") << quota;
  }
  write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "1\n");
  write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "0\n");
  EXPECT_EQ(cpu(), "none");
}

TEST_F(CgroupTest, HybridTakesTheLimitFromWhereItIs) {
  member_of("4:memory:/job\n0::/job\n");
  mounts(std::string(kVersion1MemoryMount) +
         "40 30 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n");
  write("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "1000\n");
  EXPECT_EQ(memory(), "1000 /sys/fs/cgroup/memory/job/memory.limit_in_bytes");
  write("/sys/fs/cgroup/unified/job/memory.max", "900\n");
  EXPECT_EQ(memory(), "900 /sys/fs/cgroup/unified/job/memory.max");
}

// A container that shares its host's cgroup names but mounts only its own group.
TEST_F(CgroupTest, MountOfAGroupOfTheHost) {
  mounts("34 30 0:31 /docker/1f /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
  write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "1000\n");
  write("/sys/fs/cgroup/memory/inner/memory.limit_in_bytes", "500\n");
  write("/sys/fs/cgroup/inner/memory.limit_in_bytes", "1\n");  // not below the mount
  const struct {
    const char* group;
    const char* limit;
  } cases[] = {
      {"/docker/1f", "1000 /sys/fs/cgroup/memory/memory.limit_in_bytes"},
      {"/docker/1f/inner", "500 /sys/fs/cgroup/memory/inner/memory.limit_in_bytes"},
      {"/docker/1f2/inner", "1000 /sys/fs/cgroup/memory/memory.limit_in_bytes"},
      {"/", "1000 /sys/fs/cgroup/memory/memory.limit_in_bytes"},
      {"/docker/1f/../inner", "1000 /sys/fs/cgroup/memory/memory.limit_in_bytes"},
  };
  for (const auto& [group, limit] : cases) {
    member_of(std::string("4:memory:") + group + "\n");
    EXPECT_EQ(memory(), limit) << group;
  }
}

TEST_F(CgroupTest, MountPointsAreUnescaped) {
  member_of("0::/a b\n");
  mounts("30 22 0:27 / /my\\040groups rw - cgroup2 cgroup2 rw\n");
  write("/my groups/a b/memory.max", "1000\n");
  EXPECT_EQ(memory(), "1000 /my groups/a b/memory.max");
}

TEST_F(CgroupTest, NonsenseIsPassedOver) {
  member_of("\n:\n0\n0::/a\n::::\n");
  mounts("- - -\n\n30 22 0:27 / /sys/fs/cgroup rw - cgroup2\n36 35 98:0 / /x rw\n" +
         std::string(kVersion2Mount));
  write("/sys/fs/cgroup/a/memory.max", "12 monkeys\n");
  write("/sys/fs/cgroup/memory.max", "-5\n");
  write("/sys/fs/cgroup/a/cpu.max", "100000\n");
  write("/sys/fs/cgroup/cpu.max", "0 0\n");
  EXPECT_EQ(memory(), "12 /sys/fs/cgroup/a/memory.max");
  EXPECT_EQ(cpu(), "none");
}

class MachineTest : public CgroupTest {
 protected:
  MachineTest() {
    member_of("0::/\n");
    mounts(kVersion2Mount);
  }
  Machine detect() { return detect_machine({.memory_bytes = 4000, .cpus = 4}, root_); }
};

TEST_F(MachineTest, WithoutLimitsTheHardwareCounts) {
  const Machine machine = detect();
  EXPECT_EQ(machine.memory_bytes, 4000U);
  EXPECT_EQ(machine.memory_source, "the machine's memory");
  EXPECT_EQ(machine.cpus, 4U);
  EXPECT_EQ(machine.cpus_source, "one a core");
}

TEST_F(MachineTest, TheSmallerMemoryCounts) {
  write("/sys/fs/cgroup/memory.max", "3999\n");
  EXPECT_EQ(detect().memory_bytes, 3999U);
  EXPECT_EQ(detect().memory_source, "the container's limit (/sys/fs/cgroup/memory.max)");
  for (const char* large : {"4000\n", "9223372036854771712\n", "max\n"}) {
    write("/sys/fs/cgroup/memory.max", large);
    EXPECT_EQ(detect().memory_bytes, 4000U) << large;
    EXPECT_EQ(detect().memory_source, "the machine's memory") << large;
  }
}

TEST_F(MachineTest, AQuotaIsRoundedUp) {
  const struct {
    const char* quota;
    std::size_t cpus;
  } cases[] = {{"1000 100000\n", 1},   {"100000 100000\n", 1}, {"100001 100000\n", 2},
               {"150000 100000\n", 2}, {"300000 100000\n", 3}, {"400000 100000\n", 4},
               {"900000 100000\n", 4}, {"max 100000\n", 4}};
  for (const auto& [quota, cpus] : cases) {
    write("/sys/fs/cgroup/cpu.max", quota);
    EXPECT_EQ(detect().cpus, cpus) << quota;
  }
  write("/sys/fs/cgroup/cpu.max", "150000 100000\n");
  EXPECT_EQ(detect().cpus_source, "the container's quota of 1.5 CPUs (/sys/fs/cgroup/cpu.max)");
}

TEST(Hardware, IsThere) {
  const Hardware hardware = detect_hardware();
  EXPECT_GT(hardware.memory_bytes, std::uint64_t{16} << 20);
  EXPECT_GE(hardware.cpus, 1U);
}

}  // namespace
}  // namespace cubby::app
