#include "app/configuration.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "app/budget.hpp"
#include "app/command_line.hpp"
#include "app/config_file.hpp"
#include "app/values.hpp"
#include "server/admission.hpp"

namespace cubby::app {
namespace {

constexpr std::string_view kMemoryName = "max-memory";

// What the process has open besides connections.
constexpr std::size_t kOwnDescriptors = 16;
constexpr std::size_t kDescriptorsPerThread = 4;

// How a problem with a value begins: who gave it, and to what where that is not the same.
std::string prefix(const Option& option, const Chosen& chosen) {
  switch (chosen.origin) {
    case Origin::fallback:
      return option.name + ": ";
    case Origin::file:
      return chosen.place + ": " + option.name + ": ";
    case Origin::environment:
    case Origin::flag:
      break;
  }
  return chosen.place + ": ";
}

// The line is in the place as compilers write it, so that editors and terminals can jump there.
std::string file_place(const std::string& path, std::size_t line) {
  return one_line(path) + ':' + std::to_string(line);
}

// Kubernetes puts CUBBY_PORT=tcp://... into every pod beside a Service named cubby.
std::string hint(const Chosen& chosen) {
  if (chosen.origin != Origin::environment || !chosen.text.starts_with("tcp://")) return "";
  return " (set by Kubernetes for a Service of this name? enableServiceLinks: false prevents it)";
}

class Loader {
 public:
  explicit Loader(const Sources& sources)
      : sources_(sources), line_(parse_command_line(sources.arguments)) {
    result_.action = line_.action;
    result_.problems = line_.problems;
  }

  Configuration load() {
    load_file();
    for (const Option& option : options()) {
      const bool valid = choose(option);
      if (valid && option.name == kMemoryName) resolve_memory(option);
    }
    resolve_threads();
    resolve_connections();
    return std::move(result_);
  }

 private:
  std::optional<std::string> variable(const std::string& name) const {
    std::optional<std::string> value = sources_.environment(name);
    if (value && value->empty()) value.reset();
    return value;
  }

  void load_file() {
    const auto flag = line_.values.find(std::string(kConfigName));
    const bool by_flag = flag != line_.values.end();
    const std::optional<std::string> path =
        by_flag ? flag->second : variable(std::string(kConfigVariable));
    if (!path) return;
    const std::string place = by_flag ? "--config" : std::string(kConfigVariable);
    if (path->empty()) return refuse(place + ": needs the name of a file");
    const FileText file = sources_.read_file(*path);
    if (!file.error.empty()) {
      return refuse(place + ": cannot read " + in_quotes(*path) + ": " + file.error);
    }

    const FileContent content = parse_config_file(file.text);
    for (const FileProblem& problem : content.problems) {
      refuse(file_place(*path, problem.line) + ": " + problem.what);
    }
    for (const FileEntry& entry : content.entries) take_entry(*path, entry);
  }

  void take_entry(const std::string& path, const FileEntry& entry) {
    const std::string place = file_place(path, entry.line);
    std::vector<std::string> names;
    for (const Option& option : options()) {
      if (option.name == entry.key) {
        file_.emplace(entry.key, Chosen{Origin::file, place, entry.value});
        return;
      }
      names.push_back(option.name);
    }
    std::string problem = place + ": " + in_quotes(entry.key) + ": no such setting";
    if (const auto closest = closest_name(entry.key, names)) {
      problem += "; did you mean " + *closest + "?";
    }
    refuse(problem);
  }

  // What was given for an option, from weak to strong.
  std::vector<Chosen> candidates(const Option& option) const {
    std::vector<Chosen> list{{Origin::fallback, "", option.fallback}};
    if (const auto entry = file_.find(option.name); entry != file_.end()) {
      list.push_back(entry->second);
    }
    if (const auto value = variable(option.variable())) {
      list.push_back({Origin::environment, option.variable(), *value});
    }
    if (const auto value = line_.values.find(option.name); value != line_.values.end()) {
      list.push_back({Origin::flag, option.flag(), value->second});
    }
    return list;
  }

  // Applies the weak ones before the strong, so that the strongest remains. False when that one is
  // not acceptable.
  bool choose(const Option& option) {
    bool valid = true;
    const std::vector<Chosen> list = candidates(option);
    for (const Chosen& chosen : list) {
      valid = option.kind.apply(chosen.text, result_.settings);
      if (valid) continue;
      refuse(prefix(option, chosen) +
             (chosen.text.empty() ? "needs a value: " : in_quotes(chosen.text) + " is not ") +
             option.kind.expected + hint(chosen));
    }
    result_.chosen.push_back(list.back());
    return valid;
  }

  void resolve_threads() {
    Settings& settings = result_.settings;
    if (settings.threads != 0) return;
    settings.threads = sources_.machine.cpus;
    settings.threads_reason = sources_.machine.cpus_source;
  }

  // Called when it is known how many threads there are.
  void resolve_connections() {
    Settings& settings = result_.settings;
    const std::size_t files = sources_.machine.descriptors;
    const std::size_t own =
        server::kMostTurnedAway + kOwnDescriptors + kDescriptorsPerThread * settings.threads;
    const std::size_t possible = files - std::min(files, own);
    const std::string why = "what a limit of " + std::to_string(files) + " open files allows";
    if (settings.max_connections == 0) {
      settings.max_connections = std::max<std::size_t>(possible, 1);
      settings.connections_reason = why;
    } else if (settings.max_connections > possible) {
      settings.connections_reason = "more than " + why;
      settings.connections_warning = "max-connections is " +
                                     std::to_string(settings.max_connections) + ", but " + why +
                                     " is " + std::to_string(possible);
    }
  }

  // Called right after choose(option).
  void resolve_memory(const Option& option) {
    Settings& settings = result_.settings;
    const Chosen& chosen = result_.chosen.back();
    const Budget budget = make_budget(settings.max_memory, sources_.machine);
    if (!budget.problem.empty()) return refuse(prefix(option, chosen) + budget.problem);
    settings.memory_bytes = budget.bytes;
    settings.memory_reason = budget.reason;
    settings.memory_warning = budget.warning;
    if (settings.max_memory.percentage == 0) {
      settings.memory_reason =
          "set by " + chosen.place + (budget.reason.empty() ? "" : ", " + budget.reason);
    }
  }

  void refuse(std::string problem) { result_.problems.push_back(std::move(problem)); }

  const Sources& sources_;
  const CommandLine line_;
  std::map<std::string, Chosen> file_;
  Configuration result_;
};

}  // namespace

Configuration load_configuration(const Sources& sources) { return Loader(sources).load(); }

}  // namespace cubby::app
