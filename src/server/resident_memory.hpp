// How much memory the process really takes.

#pragma once

#include <cstddef>

namespace cubby::server {

// Resident bytes as the kernel counts them (proc(5), statm); 0 where it does not say.
std::size_t resident_bytes() noexcept;

// Lets malloc() give the system large pieces back as soon as they are freed, instead of growing by
// what was large once. To be called before there are threads.
void keep_heap_small() noexcept;

// Gives the system what malloc() has of memory that was freed.
void give_back_freed_memory() noexcept;

}  // namespace cubby::server
