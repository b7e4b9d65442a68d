// What Linux control groups allow this process: memory and CPU time, versions 1 and 2 (cgroups(7)).
//
// `root` is the directory that stands for "/": tests give a tree of their own. Paths in the answers
// are without it. What cannot be read counts as not limited.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace cubby::app {

struct CgroupMemory {
  std::uint64_t bytes = 0;
  std::string file;  // that says so
};

struct CgroupCpu {
  double cpus = 0;  // CPU time a unit of time; may be a fraction
  std::string file;
};

// The smallest limit among the process's own group and all groups above it that can be seen:
// memory.max, or memory.limit_in_bytes in version 1.
std::optional<CgroupMemory> cgroup_memory_limit(const std::filesystem::path& root);

// Likewise the smallest quota: cpu.max, or cpu.cfs_quota_us in version 1.
std::optional<CgroupCpu> cgroup_cpu_quota(const std::filesystem::path& root);

}  // namespace cubby::app
