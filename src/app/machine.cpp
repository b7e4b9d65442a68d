#include "app/machine.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <thread>

#include <sched.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

#include "app/cgroup.hpp"

namespace cubby::app {
namespace {

std::size_t affinity_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  // Fails on machines with more processors than a cpu_set_t has room for.
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<std::size_t>(CPU_COUNT(&set));
  return std::thread::hardware_concurrency();
}

std::string quota_text(const CgroupCpu& quota) {
  char number[32];
  std::snprintf(number, sizeof number, "%.3g", quota.cpus);
  return std::string("the container's quota of ") + number + " CPUs (" + quota.file + ")";
}

}  // namespace

Hardware detect_hardware() {
  Hardware hardware;
  struct sysinfo info {};
  if (sysinfo(&info) == 0) hardware.memory_bytes = std::uint64_t{info.totalram} * info.mem_unit;
  hardware.cpus = std::max<std::size_t>(affinity_count(), 1);
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) hardware.descriptors = files.rlim_max;
  return hardware;
}

Machine detect_machine(const Hardware& hardware, const std::filesystem::path& root) {
  Machine machine{hardware.memory_bytes, "the machine's memory", hardware.cpus, "one a core",
                  hardware.descriptors};
  if (const std::optional<CgroupMemory> limit = cgroup_memory_limit(root);
      limit && limit->bytes < hardware.memory_bytes) {
    machine.memory_bytes = limit->bytes;
    machine.memory_source = "the container's limit (" + limit->file + ")";
  }
  if (const std::optional<CgroupCpu> quota = cgroup_cpu_quota(root);
      quota && quota->cpus < static_cast<double>(hardware.cpus)) {
    const auto whole = static_cast<std::size_t>(std::ceil(quota->cpus));
    machine.cpus = std::max<std::size_t>(whole, 1);
    machine.cpus_source = quota_text(*quota);
  }
  return machine;
}

}  // namespace cubby::app
