// Asking for memory before it is needed. A hint: any address will do.

#pragma once

#include <cstddef>

namespace cubby {

// What memory comes in, in bytes.
inline constexpr std::size_t kLineBytes = 64;

inline void prefetch(const void* address) noexcept { __builtin_prefetch(address); }
inline void prefetch_for_write(const void* address) noexcept { __builtin_prefetch(address, 1); }

}  // namespace cubby
