// CLI11 splits the arguments and no more. It would also read the environment and the file, but lets
// the file win over the environment, and stops at the first problem; here every option is a string
// to it, so that nothing can be wrong but its name.

#include "app/command_line.hpp"

#include <algorithm>
#include <cstddef>

#include <CLI/CLI.hpp>

#include "app/values.hpp"

namespace cubby::app {
namespace {

std::vector<std::string> all_names() {
  std::vector<std::string> names{std::string(kConfigName)};
  for (const Option& option : options()) names.push_back(option.name);
  for (const Command& command : commands()) names.push_back(command.name);
  return names;
}

void add_option(CLI::App& app, const std::string& name) {
  // A value that is missing is to be seen by us as an empty one, instead of an exception.
  app.add_option("--" + name)
      ->expected(0, 1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void take_value(const CLI::App& app, const std::string& name, bool is_list, CommandLine& line) {
  const std::vector<std::string>& results = app.get_option("--" + name)->results();
  if (results.empty()) return;
  std::string& value = line.values[name];
  value = results.back();
  if (!is_list) return;
  value = results.front();
  for (std::size_t i = 1; i < results.size(); ++i) value.append(",").append(results[i]);
}

// What CLI11 could not place. What follows an unknown option is taken for its value.
std::vector<std::string> strangers(const std::vector<std::string>& rest) {
  std::vector<std::string> problems;
  bool after_unknown = false;
  for (const std::string& argument : rest) {
    if (!argument.starts_with("-") || argument == "-") {
      if (!after_unknown) problems.push_back(in_quotes(argument) + ": not an option");
      after_unknown = false;
      continue;
    }
    const std::string flag = argument.substr(0, argument.find('='));
    after_unknown = flag.size() == argument.size() && flag != "--";
    if (flag == "--") continue;
    std::string problem = in_quotes(flag) + ": no such option";
    const std::string name = flag.substr(std::min(flag.find_first_not_of('-'), flag.size()));
    if (const auto closest = closest_name(name, all_names())) {
      problem += "; did you mean --" + *closest + "?";
    }
    problems.push_back(problem);
  }
  return problems;
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& arguments) {
  CommandLine line;
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  add_option(app, std::string(kConfigName));
  for (const Option& option : options()) add_option(app, option.name);
  for (const Command& command : commands()) {
    app.add_flag((command.action == Action::help ? "-h,--" : "--") + command.name)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }

  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    line.problems.push_back(error.what());
    return line;
  }

  for (const Command& command : commands()) {
    if (app.count("--" + command.name) > 0) line.action = command.action;
  }
  take_value(app, std::string(kConfigName), false, line);
  for (const Option& option : options()) take_value(app, option.name, option.takes_list, line);
  line.problems = strangers(app.remaining());
  return line;
}

}  // namespace cubby::app
