// Brings the command line, the environment, the file and the defaults together.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/machine.hpp"
#include "app/options.hpp"
#include "app/settings.hpp"

namespace cubby::app {

struct FileText {
  std::string text;
  std::string error;  // why it could not be read, in words; empty when it was
};

// Where settings come from. Nothing else is looked at.
struct Sources {
  std::vector<std::string> arguments;  // without the program's name
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::function<FileText(const std::string& path)> read_file;
  Machine machine;
};

// From weak to strong: what comes later here wins.
enum class Origin : std::uint8_t { fallback, file, environment, flag };

// A value and who says so.
struct Chosen {
  Origin origin = Origin::fallback;
  std::string place;  // "--port", "CUBBY_PORT", "cubby.toml:4"; empty for the default
  std::string text;
};

struct Configuration {
  Action action = Action::run;
  Settings settings;           // valid when there are no problems
  std::vector<Chosen> chosen;  // one for each of options(), in that order
  // One line each, with the place, the bad value and what is allowed. A bad value is a problem also
  // when a stronger source overrides it.
  std::vector<std::string> problems;
};

// An empty environment variable counts as one that is not set.
Configuration load_configuration(const Sources& sources);

}  // namespace cubby::app
