// Counts what this program allocates. Linking allocation_counter.cpp replaces malloc() and its kin,
// which operator new and the C library's own functions call as well. With a sanitizer, whose
// allocator must stay, it replaces operator new and counts nothing else.

#pragma once

#include <cstddef>

namespace cubby::test {

// Allocations that the calling thread has made so far. To resize one counts as one more, and as one
// that is freed.
std::size_t allocation_count() noexcept;

// Allocations that all other threads have made so far, since the program began.
std::size_t allocations_of_others() noexcept;

// Allocations of the calling thread that are not freed yet; frees of what another thread has
// allocated count too.
std::ptrdiff_t live_allocations() noexcept;

}  // namespace cubby::test
