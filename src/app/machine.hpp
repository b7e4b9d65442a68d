// What there is to run on: memory and processors, of the machine or of the container that we are
// in.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace cubby::app {

// What the kernel says of the whole machine.
struct Hardware {
  std::uint64_t memory_bytes = 0;  // physical
  std::size_t cpus = 1;            // that this process may run on (its affinity); at least 1
  std::size_t descriptors = 0;     // that this process may have open (its hard limit)
};

// The least of the machine's and the container's. The texts say in words which of them it was:
// "the machine's memory", "the container's limit (/sys/fs/cgroup/memory.max)".
struct Machine {
  std::uint64_t memory_bytes = 0;
  std::string memory_source;
  std::size_t cpus = 1;
  std::string cpus_source;
  std::size_t descriptors = 0;
};

Hardware detect_hardware();

// `root` as in cgroup.hpp. A CPU quota is rounded up, so that all of it can be used.
Machine detect_machine(const Hardware& hardware, const std::filesystem::path& root);

}  // namespace cubby::app
