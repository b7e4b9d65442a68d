// The process's own surroundings: variables, files, limits.

#pragma once

#include <optional>
#include <string>

#include "app/configuration.hpp"

namespace cubby::app {

// A variable of the environment, or nothing when it is not set.
std::optional<std::string> environment_variable(const std::string& name);

// A whole text file. One of more than kMaxFileBytes is refused.
inline constexpr std::size_t kMaxFileBytes = std::size_t{64} << 10;
FileText read_file(const std::string& path);

// Opens /dev/null in place of standard input, output and error where the process was started
// without them: the next file or socket would get the number, and what is meant for the log would
// be sent to a client. As before nothing can be read there, and writing fails. To be called before
// anything is opened.
void fill_standard_descriptors() noexcept;

// Lets the process open as many files and sockets as the system permits it to.
void raise_descriptor_limit() noexcept;

}  // namespace cubby::app
