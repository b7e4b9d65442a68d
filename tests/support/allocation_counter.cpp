#include "support/allocation_counter.hpp"

#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t made = 0;
thread_local std::size_t freed = 0;

}  // namespace

namespace cubby::test {

std::size_t allocation_count() noexcept { return made; }
std::ptrdiff_t live_allocations() noexcept { return static_cast<std::ptrdiff_t>(made - freed); }

}  // namespace cubby::test

void* operator new(std::size_t size) {
  void* const memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  ++made;
  return memory;
}

void operator delete(void* memory) noexcept {
  if (memory != nullptr) ++freed;
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
