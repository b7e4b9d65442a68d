// How many files and sockets a process has open.

#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>

namespace cubby::test {

// As the kernel lists them. Of the own process that is one more, for the list itself, each time.
inline std::size_t open_descriptors(int pid) {
  const std::filesystem::directory_iterator entries("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

}  // namespace cubby::test
