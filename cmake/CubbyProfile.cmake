# Profile-guided optimisation (CUBBY_PROFILE). The daemon is built to record what it executes, run
# under a load, and built again with what was seen: `./dev tuned` does all of it. The profile lies
# beside the object files, so both builds are in one directory.

if(NOT CUBBY_PROFILE)
  return()
endif()

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  message(FATAL_ERROR "CUBBY_PROFILE needs GCC")
endif()

if(CUBBY_PROFILE STREQUAL "record")
  # Two workers count in the same counters.
  add_compile_options(-fprofile-generate -fprofile-update=atomic)
  add_link_options(-fprofile-generate)
elseif(CUBBY_PROFILE STREQUAL "use")
  # What the load does not come by, such as reading options and errors, is optimised as without a
  # profile. The profile alone gains next to nothing: it is for inlining across files.
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
  add_compile_options(-fprofile-use -fprofile-partial-training -Wno-missing-profile)
  # GCC warns of overflows in code that it has cloned for lengths that cannot be.
  add_compile_options(-Wno-stringop-overflow)
  add_link_options(-Wno-stringop-overflow)
else()
  message(FATAL_ERROR "CUBBY_PROFILE is record or use, not ${CUBBY_PROFILE}")
endif()
