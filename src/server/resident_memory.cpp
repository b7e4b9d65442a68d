#include "server/resident_memory.hpp"

#include <array>
#include <cstdio>

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

namespace cubby::server {

std::size_t resident_bytes() noexcept {
  const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  std::array<char, 128> text{};
  const ssize_t length = ::read(file, text.data(), text.size() - 1);
  ::close(file);
  unsigned long long pages = 0;
  if (length <= 0 || std::sscanf(text.data(), "%*u %llu", &pages) != 1) return 0;
  return static_cast<std::size_t>(pages) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

void keep_heap_small() noexcept {
#if defined(__GLIBC__)
  // Setting it also keeps the threshold from growing with every large piece that is freed.
  constexpr int kLargePieceBytes = 64 << 10;
  ::mallopt(M_MMAP_THRESHOLD, kLargePieceBytes);  // NOLINT(concurrency-mt-unsafe): see the header
#endif
}

void give_back_freed_memory() noexcept {
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
}

}  // namespace cubby::server
