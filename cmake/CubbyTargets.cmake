# How every target of cubby is compiled: the language level, the warnings, and one way to add a
# library per folder.

include(GNUInstallDirs)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CUBBY_CCACHE ccache)
if(CUBBY_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # It would not look at what has a precompiled header, as the tests do.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${CUBBY_CCACHE}")
endif()

# Warnings for our own code only: a target links this privately, and third-party headers come in as
# SYSTEM includes.
add_library(cubby_warnings INTERFACE)
target_compile_options(cubby_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(cubby_warnings INTERFACE -Wthread-safety)
else()
  # GCC guesses at these two from what is left after optimising, and guesses wrong at -O3: about
  # std::function members (13) and about "..." + std::string (12, GCC bug 105651). Clang's analysis
  # and the sanitizers look for the same without guessing.
  target_compile_options(cubby_warnings INTERFACE -Wno-maybe-uninitialized -Wno-restrict)
  # Clang has it in -Wextra, but not for files that are compiled as one.
  target_compile_options(cubby_warnings INTERFACE -Wunused-const-variable=1)
endif()

# cubby_add_library(NAME FILE...): the static library of one folder of src/. Sources inside the
# project include one another from src/ ("core/shard.hpp").
function(cubby_add_library name)
  add_library(${name} STATIC ${ARGN})
  target_include_directories(${name} PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>")
  target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:cubby_warnings>)
endfunction()
