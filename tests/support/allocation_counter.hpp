// Counts what this program allocates with operator new. Linking allocation_counter.cpp replaces the
// global operators.

#pragma once

#include <cstddef>

namespace cubby::test {

// Allocations that the calling thread has made so far.
std::size_t allocation_count() noexcept;

// Allocations of the calling thread that are not freed yet; frees of what another thread has
// allocated count too.
std::ptrdiff_t live_allocations() noexcept;

}  // namespace cubby::test
