// How much memory the process really takes.

#pragma once

#include <cstddef>

namespace cubby::server {

// Resident bytes as the kernel counts them (proc(5), statm); 0 where it does not say.
std::size_t resident_bytes() noexcept;

}  // namespace cubby::server
