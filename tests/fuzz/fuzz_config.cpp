// Configuration files. Whatever is in one, there are settings or problems to show; and what
// --print-config shows of settings is a file that gives the same ones.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/config_file.hpp"
#include "app/configuration.hpp"
#include "app/pages.hpp"
#include "fuzz/check.hpp"

namespace {

using namespace cubby::app;

Configuration load(const std::string& file) {
  Sources sources;
  sources.arguments = {"--config", "cubby.toml"};
  sources.environment = [](const std::string&) { return std::nullopt; };
  sources.read_file = [&file](const std::string&) { return FileText{file, ""}; };
  sources.machine = {std::uint64_t{2} << 30, "the machine's memory", 4, "one a core", 4096};
  return load_configuration(sources);
}

// The reasons name the lines of the file.
Settings without_reasons(Settings settings) {
  for (std::string* reason :
       {&settings.memory_reason, &settings.threads_reason, &settings.connections_reason}) {
    reason->clear();
  }
  return settings;
}

bool can_be_shown(std::string_view line) {
  for (const char c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
  }
  return !line.empty();
}

void check_problems(const Configuration& configuration) {
  constexpr std::size_t kMostBytes = 1000;
  for (const std::string& problem : configuration.problems) {
    CUBBY_FUZZ_CHECK(can_be_shown(problem));
    CUBBY_FUZZ_CHECK(problem.size() <= kMostBytes);
  }
}

// Each text is written as a value, and read back; one with a line break cannot be.
void check_values(const FileContent& content) {
  for (const FileEntry& entry : content.entries) {
    if (entry.value.find('\n') != std::string::npos) continue;
    const FileContent again = parse_config_file("a = " + format_config_value(entry.value) + " # b");
    CUBBY_FUZZ_CHECK(again.problems.empty() && again.entries.size() == 1);
    CUBBY_FUZZ_CHECK(again.entries.front().value == entry.value);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string file(reinterpret_cast<const char*>(data), size);
  check_values(parse_config_file(file));
  const Configuration configuration = load(file);
  CUBBY_FUZZ_CHECK(configuration.chosen.size() == options().size());
  check_problems(configuration);
  if (!configuration.problems.empty()) return 0;

  const Configuration again = load(config_page(configuration));
  CUBBY_FUZZ_CHECK(again.problems.empty());
  CUBBY_FUZZ_CHECK(without_reasons(again.settings) == without_reasons(configuration.settings));
  for (std::size_t i = 0; i < options().size(); ++i) {
    CUBBY_FUZZ_CHECK(again.chosen[i].text == configuration.chosen[i].text);
  }
  return 0;
}
