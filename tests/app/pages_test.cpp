#include "app/pages.hpp"

#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace cubby::app {
namespace {

Configuration load(const std::vector<std::string>& arguments, const std::string& file) {
  Sources sources;
  sources.arguments = arguments;
  sources.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "CUBBY_CONFIG") return "cubby.toml";
    if (name == "CUBBY_SHARDS") return "8";
    return std::nullopt;
  };
  sources.read_file = [file](const std::string&) { return FileText{file, ""}; };
  sources.machine = {std::uint64_t{2} << 30, "the container's limit (/memory.max)", 4, "one a core",
                     1024};
  Configuration configuration = load_configuration(sources);
  EXPECT_EQ(configuration.problems, std::vector<std::string>{});
  return configuration;
}

// Characters, which is columns for what we write.
std::size_t columns(const std::string& line) {
  std::size_t count = 0;
  for (const char c : line) count += (static_cast<unsigned char>(c) & 0xC0) == 0x80 ? 0 : 1;
  return count;
}

TEST(HelpPage, FitsTheWidth) {
  std::istringstream page(help_page());
  for (std::string line; std::getline(page, line);) {
    EXPECT_LE(columns(line), kPageWidth) << line;
    EXPECT_FALSE(line.ends_with(' ')) << line;
  }
}

TEST(HelpPage, NamesEveryOptionWithItsVariableAndDefault) {
  const std::string page = help_page();
  std::size_t last = 0;
  for (const Option& option : options()) {
    const std::size_t at = page.find("\n  " + option.flag() + ' ' + option.value_name);
    ASSERT_NE(at, std::string::npos) << option.name;
    EXPECT_GT(at, last) << option.name;
    const std::string section = page.substr(at, page.find("\n  --", at + 1) - at);
    EXPECT_NE(section.find("\n    " + option.variable()), std::string::npos) << section;
    EXPECT_NE(section.find("[default: " + option.fallback + "]"), std::string::npos) << section;
    EXPECT_NE(page.find("\n" + option.group + ":\n"), std::string::npos) << option.group;
    last = at;
  }
  for (const Command& command : commands()) {
    EXPECT_NE(page.find("--" + command.name), std::string::npos) << command.name;
  }
  EXPECT_NE(page.find("--config FILE"), std::string::npos);
  EXPECT_NE(page.find("CUBBY_CONFIG"), std::string::npos);
}

TEST(HelpPage, HasEachGroupOnce) {
  const std::string page = help_page();
  for (const Option& option : options()) {
    const std::string heading = "\n" + option.group + ":\n";
    EXPECT_EQ(page.find(heading), page.rfind(heading)) << option.group;
  }
}

TEST(VersionLine, IsNameAndNumber) { EXPECT_TRUE(version_line().starts_with("cubbyd 0.")); }

TEST(ConfigPage, SaysWhereEveryValueComesFrom) {
  std::string page = config_page(load({"--port=80"}, "max-memory = \"50%\"\n"));
  while (page.find("  ") != std::string::npos) page.erase(page.find("  "), 1);
  for (const char* line : {
           "\nhost = \"127.0.0.1\" # default\n",
           "\nport = 80 # flag, --port\n",
           "\nthreads = \"auto\" # default; 4, one a core\n",
           "\nmax-connections = \"auto\" # default; 960, what a limit of 1024 open files allows\n",
           "\nmax-memory = \"50%\" # file, cubby.toml:1; 1 GiB, 50% of 2 GiB, the container's "
           "limit "
           "(/memory.max)\n",
           "\nshards = 8 # environment, CUBBY_SHARDS\n",
       }) {
    EXPECT_NE(page.find(line), std::string::npos) << line << page;
  }
}

TEST(ConfigPage, IsAConfigurationFileThatSaysTheSame) {
  const Configuration first =
      load({"--host=::1", "--port=80", "--threads=3", "--shutdown-timeout=1.5", "--max-memory=64m",
            "--shards=2", "--capacity-per-shard=5", "--max-key-length=9", "--max-value-size=1.5k",
            "--log-level=warn", "--default-ttl=1.5h", "--ttl-jitter=12.5%", "--max-connections=9",
            "--idle-timeout=90s", "--max-header-size=9k"},
           "");
  const Configuration second = load({}, config_page(first));
  for (std::size_t i = 0; i < options().size(); ++i) {
    const bool overridden = options()[i].name == "shards";  // by the environment
    EXPECT_EQ(second.chosen[i].text, overridden ? "8" : first.chosen[i].text) << options()[i].name;
    EXPECT_EQ(second.chosen[i].origin, overridden ? Origin::environment : Origin::file);
  }
  EXPECT_EQ(second.settings.memory_bytes, first.settings.memory_bytes);
  EXPECT_EQ(second.settings.default_ttl, std::chrono::minutes(90));
  EXPECT_EQ(second.settings.ttl_jitter_percentage, 12.5);
  EXPECT_EQ(second.settings.max_connections, 9U);
  EXPECT_EQ(second.settings.idle_timeout, std::chrono::seconds(90));
  EXPECT_EQ(second.settings.max_header_bytes, 9U << 10);
  EXPECT_EQ(second.settings.shutdown_timeout, first.settings.shutdown_timeout);
}

}  // namespace
}  // namespace cubby::app
