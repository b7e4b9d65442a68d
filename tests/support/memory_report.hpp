// What cubbyd says about its memory: GET /v1/memory.

#pragma once

#include <cstdint>

#include "support/client.hpp"

namespace cubby::test {

struct MemoryReport {
  std::uint64_t limit_bytes = 0;
  std::uint64_t used_bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t entry_bytes = 0;
  std::uint64_t data_bytes = 0;
  std::uint64_t index_bytes = 0;
  double bytes_per_entry = 0;
};

// Throws std::exception when the answer is not one.
MemoryReport ask_memory(Client& client);

}  // namespace cubby::test
