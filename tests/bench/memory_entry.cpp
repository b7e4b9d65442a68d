// What an entry costs: how much the daemon's resident memory grows with a million entries of a
// 16-byte key and a 64-byte value, beyond the keys and the values. Prints a Markdown table.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <stdexcept>

#include "support/child_process.hpp"
#include "support/memory_report.hpp"
#include "support/process_memory.hpp"
#include "support/put_load.hpp"

namespace {

using namespace cubby::test;

constexpr std::uint64_t kEntries = 1'000'000;
constexpr std::size_t kValueBytes = 64;

void run() {
  const Daemon daemon({"--max-memory", "1g"});
  const std::size_t before = resident_bytes(daemon.pid());
  put_all(daemon.address(), kEntries,
          [](std::uint64_t index) { return Put{.key = index, .value_bytes = kValueBytes}; });
  const std::size_t after = resident_bytes(daemon.pid());
  Client client(daemon.address());
  const MemoryReport report = ask_memory(client);
  if (report.entries != kEntries) throw std::runtime_error("entries are missing");

  const auto an_entry = [](std::size_t bytes) {
    return static_cast<double>(bytes) / static_cast<double>(kEntries);
  };
  std::printf("| bytes an entry, beyond its key and value | |\n|---|--:|\n");
  std::printf("| resident memory | %.1f |\n",
              an_entry(after - before) - static_cast<double>(kLoadKeyBytes + kValueBytes));
  std::printf("| counted for the entry itself | %.1f |\n",
              an_entry(report.entry_bytes - report.data_bytes));
  std::printf("| counted for the index | %.1f |\n", an_entry(report.index_bytes));
}

}  // namespace

int main() {
  try {
    run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "memory_entry: %s\n", error.what());
    return 1;
  }
}
