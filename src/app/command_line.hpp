// Splits a command line into options and their values, and says what is in it that makes no sense.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/options.hpp"

namespace cubby::app {

struct CommandLine {
  Action action = Action::run;
  // By an option's name, without the dashes; the last one given counts, but for an option that
  // takes a list. The values are not checked.
  std::map<std::string, std::string> values;
  std::vector<std::string> problems;
};

// `arguments` are without the program's name.
CommandLine parse_command_line(const std::vector<std::string>& arguments);

}  // namespace cubby::app
