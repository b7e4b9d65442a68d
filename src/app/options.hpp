// The table of options: one entry describes an option wherever it shows up.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/settings.hpp"

namespace cubby::app {

// What values an option takes.
struct Kind {
  // Ends the sentence "'63' is not ...": "a power of two from 1 to 256".
  std::string expected;
  // Puts the value where it belongs; false when it is not acceptable.
  std::function<bool(std::string_view text, Settings& settings)> apply;
};

// An option is --NAME on the command line, CUBBY_NAME in the environment (in capitals, with _ for
// -), and NAME in the file.
struct Option {
  std::string name;
  std::string value_name;  // what --help calls the value: "PORT"
  std::string fallback;    // the default, written as a user would
  std::string group;       // the heading in --help
  std::string help;        // one sentence or two
  Kind kind;
  bool takes_list = false;  // the flag may be repeated: that is as one list, with commas

  std::string flag() const { return "--" + name; }
  std::string variable() const;
};

// In the order of --help: options of a group stand together.
const std::vector<Option>& options();

// What the command line may ask for instead of running the daemon.
enum class Action : std::uint8_t { run, print_config, healthcheck, version, help };

struct Command {
  std::string name;  // --NAME
  std::string help;
  Action action = Action::run;
};

// In the order of --help; when several are given the last of them here is done.
const std::vector<Command>& commands();

// The option that names the file; it cannot stand in one.
inline constexpr std::string_view kConfigName = "config";
inline constexpr std::string_view kConfigVariable = "CUBBY_CONFIG";

// The name among `names` that `name` is probably a slip of, or nothing.
std::optional<std::string> closest_name(std::string_view name,
                                        const std::vector<std::string>& names);

}  // namespace cubby::app
