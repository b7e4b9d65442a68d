// Assertions that a fuzz target may keep in every build.

#pragma once

#include <cstdio>
#include <cstdlib>

// Ends the process, so that the fuzzer keeps the input, when `condition` does not hold.
#define CUBBY_FUZZ_CHECK(condition)                                        \
  do {                                                                     \
    if (!(condition)) {                                                    \
      std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                        \
    }                                                                      \
  } while (false)
