// Lets one call to the system, or one allocation, of this program fail: the n-th. The functions are
// replaced when the program is linked (--wrap, see CMakeLists.txt).

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace cubby::test {

enum class FaultKind : std::uint8_t {
  first_error,   // fails with the likeliest error of the function
  second_error,  // likewise, with another
  interrupted,   // fails with EINTR what is to be tried again, and moves only one byte
  no_memory,     // of the allocations, not of the calls
};

// From now on the calls of that kind are counted, and the n-th, from 1, fails. Only one does.
void set_fault(FaultKind kind, std::size_t n);

// Nothing is counted, and nothing fails, until the end of the pause.
void pause_faults(bool paused);

// The function that has failed; empty when none has, since set_fault(). Ends the counting.
std::string end_faults();

// The one that is to fail has been called.
bool fault_has_come();

// Calls by this thread count from now on, or do not; by others they do unless told.
void count_this_thread(bool counts);

}  // namespace cubby::test
