#include "app/pages.hpp"

#include <algorithm>
#include <sstream>
#include <string_view>
#include <vector>

#include "app/config_file.hpp"
#include "app/values.hpp"

namespace cubby::app {
namespace {

constexpr std::size_t kTextColumn = 30;

constexpr std::string_view kIntroduction =
    R"(cubbyd: an in-memory key-value cache that speaks HTTP

Usage: cubbyd [OPTION]...
)";

constexpr std::string_view kOutro = R"(
What a flag sets can also be set by the variable below it, or in a file:

  # cubby.toml
  port = 8080
  max-memory = "1g"

A flag wins over a variable, a variable over the file, the file over the default. In sizes, k, m and
g are powers of 1024. Times are in seconds, or have a unit: ms, s, m, h or d.

Examples:
  cubbyd                                      listen on 127.0.0.1:7171, use 70% of the memory
  cubbyd --host 0.0.0.0 --max-memory 512m     listen on every address, store at most 512 MiB
  CUBBY_PORT=8080 cubbyd --print-config       see what would be used, without starting
  curl 'http://127.0.0.1:7171/get?key=hello'  ask a running one for a key
)";

// Breaks at spaces, but for `last`, which stays in one piece.
std::vector<std::string> wrap(const std::string& text, const std::string& last) {
  std::vector<std::string> lines{""};
  const auto add = [&lines](const std::string& word) {
    if (word.empty()) return;
    if (lines.back().size() + 1 + word.size() > kPageWidth - kTextColumn) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
  };
  std::istringstream stream(text);
  for (std::string word; stream >> word;) add(word);
  add(last);
  return lines;
}

// Two columns: the labels below one another, and the text beside them.
std::string entry(const std::vector<std::string>& labels, const std::string& text,
                  const std::string& last = "") {
  const std::vector<std::string> lines = wrap(text, last);
  std::string page;
  for (std::size_t i = 0; i < std::max(labels.size(), lines.size()); ++i) {
    std::string line = i < labels.size() ? labels[i] : "";
    if (i < lines.size()) {
      line.resize(std::max(line.size() + 2, kTextColumn), ' ');
      line += lines[i];
    }
    page += line + '\n';
  }
  return page;
}

std::string heading(const std::string& text) { return "\n" + text + ":\n"; }

// A comment behind a value, in a column of its own.
std::string with_comment(std::string line, const std::string& comment) {
  line.resize(std::max<std::size_t>(line.size(), 28), ' ');
  return line + "  # " + comment + '\n';
}

std::string origin_words(const Chosen& chosen) {
  switch (chosen.origin) {
    case Origin::fallback:
      break;
    case Origin::file:
      return "file, " + chosen.place;
    case Origin::environment:
      return "environment, " + chosen.place;
    case Origin::flag:
      return "flag, " + chosen.place;
  }
  return "default";
}

// What a setting comes to on this machine, where its value does not say so itself.
std::string outcome(const Option& option, const Settings& settings) {
  if (option.name == "max-memory") {
    return "; " + format_size(settings.memory_bytes) + ", " + settings.memory_reason;
  }
  if (option.name == "threads" && !settings.threads_reason.empty()) {
    return "; " + std::to_string(settings.threads) + ", " + settings.threads_reason;
  }
  if (option.name == "max-connections" && !settings.connections_reason.empty()) {
    return "; " + std::to_string(settings.max_connections) + ", " + settings.connections_reason;
  }
  return "";
}

}  // namespace

std::string help_page() {
  std::string page(kIntroduction);
  std::string group;
  for (const Option& option : options()) {
    if (option.group != group) page += heading(option.group);
    group = option.group;
    page += entry({"  " + option.flag() + ' ' + option.value_name, "    " + option.variable()},
                  option.help, "[default: " + option.fallback + "]");
  }
  page += heading("Other");
  page +=
      entry({"  --" + std::string(kConfigName) + " FILE", "    " + std::string(kConfigVariable)},
            "Read settings from a file, in TOML.");
  for (const Command& command : commands()) {
    page += entry({(command.action == Action::help ? "  -h, --" : "  --") + command.name},
                  command.help);
  }
  return page + std::string(kOutro);
}

std::string version_line() { return "cubbyd " CUBBY_VERSION; }

std::string config_page(const Configuration& configuration) {
  std::string page = "# What " + version_line() + " runs with, and who says so.\n";
  std::string group;
  for (std::size_t i = 0; i < options().size(); ++i) {
    const Option& option = options()[i];
    const Chosen& chosen = configuration.chosen[i];
    if (option.group != group) page += "\n# " + option.group + '\n';
    group = option.group;
    page += with_comment(option.name + " = " + format_config_value(chosen.text),
                         origin_words(chosen) + outcome(option, configuration.settings));
  }
  return page;
}

}  // namespace cubby::app
