// What the daemon prints when it is asked about itself.

#pragma once

#include <string>

#include "app/configuration.hpp"

namespace cubby::app {

inline constexpr std::size_t kPageWidth = 100;  // columns, at most

std::string help_page();

// "cubbyd 0.1.0".
std::string version_line();

// A configuration file that says what `configuration` says, with where each value comes from in
// comments. Only for one without problems.
std::string config_page(const Configuration& configuration);

}  // namespace cubby::app
