#include "support/allocation_counter.hpp"

#include <atomic>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <new>

#include "support/sanitizers.hpp"

namespace {

thread_local std::size_t made = 0;
thread_local std::size_t freed = 0;
std::atomic<std::size_t> made_by_all{0};

// Hands on what the allocator gave.
void* counted(void* memory) noexcept {
  if (memory == nullptr) return nullptr;
  ++made;
  made_by_all.fetch_add(1, std::memory_order_relaxed);
  return memory;
}

void count_free(const void* memory) noexcept {
  if (memory != nullptr) ++freed;
}

}  // namespace

namespace cubby::test {

std::size_t allocation_count() noexcept { return made; }
std::size_t allocations_of_others() noexcept { return made_by_all - made; }
std::ptrdiff_t live_allocations() noexcept { return static_cast<std::ptrdiff_t>(made - freed); }

}  // namespace cubby::test

#if CUBBY_TEST_SANITIZED

void* operator new(std::size_t size) {
  void* const memory = counted(std::malloc(size));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void operator delete(void* memory) noexcept {
  count_free(memory);
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

#else

// What is not replaced here goes to the same allocator, and is only not counted.
// NOLINTBEGIN(bugprone-reserved-identifier): the C library's names for its own.
extern "C" {

void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) noexcept { return counted(__libc_malloc(size)); }

void* calloc(std::size_t count, std::size_t size) noexcept {
  return counted(__libc_calloc(count, size));
}

void* realloc(void* memory, std::size_t size) noexcept {
  void* const moved = __libc_realloc(memory, size);
  if (moved != nullptr || size == 0) count_free(memory);
  return counted(moved);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return counted(__libc_memalign(alignment, size));
}

int posix_memalign(void** memory, std::size_t alignment, std::size_t size) noexcept {
  if (alignment % sizeof(void*) != 0 || !std::has_single_bit(alignment)) return EINVAL;
  void* const given = counted(__libc_memalign(alignment, size));
  if (given == nullptr) return ENOMEM;
  *memory = given;
  return 0;
}

void free(void* memory) noexcept {
  count_free(memory);
  __libc_free(memory);
}

}  // extern "C"

// NOLINTEND(bugprone-reserved-identifier)

#endif
