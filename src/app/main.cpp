// The command line and the exit codes: 0 for success, 1 for what failed, 2 for a configuration that
// is wrong.

#include <cstdio>
#include <exception>
#include <string>

#include "app/configuration.hpp"
#include "app/daemon.hpp"
#include "app/healthcheck.hpp"
#include "app/pages.hpp"
#include "app/system.hpp"

namespace {

using namespace cubby::app;

constexpr std::chrono::milliseconds kHealthcheckTimeout{1900};

void complain(const std::string& problem) { std::fprintf(stderr, "cubbyd: %s\n", problem.c_str()); }

int fail(const std::string& problem) {
  complain(problem);
  return 1;
}

int print(const std::string& text) {
  const bool written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return written ? 0 : fail("cannot write to standard output");
}

int refuse(const Configuration& configuration) {
  for (const std::string& problem : configuration.problems) complain(problem);
  // A container's health check knows 0 and 1 only.
  return configuration.action == Action::healthcheck ? 1 : 2;
}

int check(const Settings& settings) {
  const std::string problem = check_health(settings.host, settings.port, kHealthcheckTimeout);
  return problem.empty() ? 0 : fail(url(settings.host, settings.port) + "/health: " + problem);
}

int run(const Settings& settings) {
  run_daemon(settings);
  return 0;
}

int act(const Configuration& configuration) {
  if (configuration.action == Action::help) return print(help_page());
  if (configuration.action == Action::version) return print(version_line() + '\n');
  if (!configuration.problems.empty()) return refuse(configuration);
  switch (configuration.action) {
    case Action::print_config:
      return print(config_page(configuration));
    case Action::healthcheck:
      return check(configuration.settings);
    default:
      return run(configuration.settings);
  }
}

}  // namespace

int main(int argc, char** argv) {
  fill_standard_descriptors();
  try {
    return act(load_configuration({.arguments = {argv + (argc > 0 ? 1 : 0), argv + argc},
                                   .environment = environment_variable,
                                   .read_file = read_file,
                                   .machine = detect_machine(detect_hardware(), "/")}));
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
