#include "app/configuration.hpp"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace cubby::app {
namespace {

using Strings = std::vector<std::string>;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

// A machine, variables and files to load a configuration from.
struct World {
  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;
  Machine machine{2048 * kMiB, "the machine's memory", 4, "one a core", 1024};

  Configuration load(const Strings& arguments) const {
    Sources sources;
    sources.arguments = arguments;
    sources.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto variable = variables.find(name);
      if (variable == variables.end()) return std::nullopt;
      return variable->second;
    };
    sources.read_file = [this](const std::string& path) -> FileText {
      const auto file = files.find(path);
      if (file == files.end()) return {"", "No such file or directory"};
      return {file->second, ""};
    };
    sources.machine = machine;
    return load_configuration(sources);
  }

  Settings settings(const Strings& arguments) const {
    const Configuration configuration = load(arguments);
    EXPECT_EQ(configuration.problems, Strings{});
    return configuration.settings;
  }
};

TEST(Configuration, Defaults) {
  const Settings settings = World().settings({});
  EXPECT_EQ(settings.host, "127.0.0.1");
  EXPECT_EQ(settings.port, 7171);
  EXPECT_EQ(settings.threads, 4U);
  EXPECT_EQ(settings.threads_reason, "one a core");
  EXPECT_EQ(settings.shutdown_timeout, std::chrono::seconds(5));
  EXPECT_EQ(settings.shards, 64U);
  EXPECT_EQ(settings.capacity_per_shard, 0U);
  EXPECT_EQ(settings.default_ttl, std::chrono::seconds(0));
  EXPECT_EQ(settings.ttl_jitter_percentage, 0);
  EXPECT_EQ(settings.max_key_length, 256U);
  EXPECT_EQ(settings.max_value_bytes, kMiB);
  EXPECT_EQ(settings.max_connections_per_ip, 0U);
  EXPECT_EQ(settings.header_timeout, std::chrono::seconds(10));
  EXPECT_EQ(settings.body_timeout, std::chrono::seconds(30));
  EXPECT_EQ(settings.idle_timeout, std::chrono::seconds(75));
  EXPECT_EQ(settings.send_timeout, std::chrono::seconds(10));
  EXPECT_EQ(settings.min_rate, 500U);
  EXPECT_EQ(settings.max_header_bytes, 16U << 10);
  EXPECT_EQ(settings.max_header_fields, 100U);
  EXPECT_EQ(settings.max_json_depth, 32U);
  EXPECT_EQ(settings.cors_origins, Strings{});
  EXPECT_EQ(settings.log_level, LogLevel::info);
  EXPECT_EQ(settings.memory_bytes, 1503238553U);
  EXPECT_EQ(settings.memory_reason, "70% of 2 GiB, the machine's memory");
}

// Every way in which an option can be set by some of its sources.
TEST(Configuration, FlagOverEnvironmentOverFileOverDefault) {
  for (int given = 0; given < 8; ++given) {
    const bool in_file = (given & 1) != 0;
    const bool in_environment = (given & 2) != 0;
    const bool in_flag = (given & 4) != 0;
    World world;
    world.files["f"] = in_file ? "port = 1001" : "";
    if (in_environment) world.variables["CUBBY_PORT"] = "1002";
    Strings arguments = {"--config", "f"};
    if (in_flag) arguments.push_back("--port=1003");

    const Configuration configuration = world.load(arguments);
    const int expected = in_flag ? 1003 : in_environment ? 1002 : in_file ? 1001 : 7171;
    EXPECT_EQ(configuration.settings.port, expected) << given;
    const Chosen& chosen = configuration.chosen[1];
    EXPECT_EQ(chosen.text, std::to_string(expected));
    EXPECT_EQ(chosen.place, in_flag          ? "--port"
                            : in_environment ? "CUBBY_PORT"
                            : in_file        ? "f:1"
                                             : "");
    EXPECT_EQ(chosen.origin, in_flag          ? Origin::flag
                             : in_environment ? Origin::environment
                             : in_file        ? Origin::file
                                              : Origin::fallback);
  }
}

// A value that differs from the default, for every option.
const std::map<std::string, std::string>& other_values() {
  static const std::map<std::string, std::string> kValues = {
      {"host", "::1"},
      {"port", "80"},
      {"threads", "3"},
      {"shutdown-timeout", "500ms"},
      {"max-memory", "64m"},
      {"shards", "8"},
      {"max-key-length", "10"},
      {"capacity-per-shard", "7"},
      {"log-level", "debug"},
      {"max-value-size", "2m"},
      {"default-ttl", "15m"},
      {"ttl-jitter", "10%"},
      {"max-connections", "9"},
      {"max-connections-per-ip", "9"},
      {"header-timeout", "9s"},
      {"body-timeout", "9s"},
      {"idle-timeout", "9s"},
      {"send-timeout", "9s"},
      {"min-rate", "9"},
      {"max-header-size", "9k"},
      {"max-header-fields", "9"},
      {"max-json-depth", "9"},
      {"cors-origin", "https://app.example"},
  };
  return kValues;
}

TEST(Configuration, EveryOptionCanBeSetByEverySource) {
  for (std::size_t i = 0; i < options().size(); ++i) {
    const Option& option = options()[i];
    ASSERT_TRUE(other_values().contains(option.name)) << option.name;
    const std::string value = other_values().at(option.name);
    const auto check = [&](const World& world, const Strings& arguments, Origin origin) {
      const Configuration configuration = world.load(arguments);
      EXPECT_EQ(configuration.problems, Strings{});
      EXPECT_EQ(configuration.chosen[i].text, value) << option.name;
      EXPECT_EQ(configuration.chosen[i].origin, origin) << option.name;
    };
    World world;
    check(world, {option.flag(), value}, Origin::flag);
    check(world, {option.flag() + "=" + value}, Origin::flag);
    world.variables[option.variable()] = value;
    check(world, {}, Origin::environment);
    world.variables = {{"CUBBY_CONFIG", "f"}};
    world.files["f"] = option.name + " = \"" + value + "\"";
    check(world, {}, Origin::file);
  }
}

TEST(Configuration, ThereAreAsManyConnectionsAsOpenFilesAllow) {
  World world;
  const Settings settings = world.settings({});
  EXPECT_EQ(settings.max_connections, 1024U - 32 - 16 - 4 * 4) << "less what cubbyd itself opens";
  EXPECT_EQ(settings.connections_reason, "what a limit of 1024 open files allows");
  EXPECT_EQ(settings.connections_warning, "");
  EXPECT_LT(world.settings({"--threads", "40"}).max_connections, settings.max_connections);
  world.machine.descriptors = 10;
  EXPECT_EQ(world.settings({}).max_connections, 1U);
}

TEST(Configuration, MoreConnectionsThanOpenFilesAllowAreWarnedOf) {
  const World world;
  EXPECT_EQ(world.settings({"--max-connections", "960"}).connections_warning, "");
  const Settings settings = world.settings({"--max-connections", "961"});
  EXPECT_EQ(settings.max_connections, 961U);
  EXPECT_EQ(settings.connections_warning,
            "max-connections is 961, but what a limit of 1024 open files allows is 960");
}

TEST(Configuration, AnEmptyVariableIsNotSet) {
  World world;
  world.variables = {{"CUBBY_PORT", ""}, {"CUBBY_CONFIG", ""}};
  EXPECT_EQ(world.settings({}).port, 7171);
}

TEST(Configuration, TheFlagNamesTheFileBeforeTheVariable) {
  World world;
  world.variables["CUBBY_CONFIG"] = "a";
  world.files = {{"a", "port = 1"}, {"b", "port = 2"}};
  EXPECT_EQ(world.settings({}).port, 1);
  EXPECT_EQ(world.settings({"--config", "b"}).port, 2);
}

TEST(Configuration, ListsEveryProblemWithItsSource) {
  World world;
  world.variables = {{"CUBBY_SHARDS", "63"}, {"CUBBY_MAX_MEMORY", "7m"}};
  world.files["cubby.toml"] =
      "host = \"nowhere\"\n"
      "prot = 80\n"
      "max-memory = 1g\n"
      "config = \"x\"\n"
      "log-level = \"loud\"\n";
  const Configuration configuration =
      world.load({"--config", "cubby.toml", "--port", "99999", "--thread=2", "--log-level=quiet",
                  "--max-value-size"});
  const Strings expected = {
      "'--thread': no such option; did you mean --threads?",
      "cubby.toml:3: max-memory: '1g' is not a value of TOML; a text needs quotes: \"...\"",
      "cubby.toml:2: 'prot': no such setting; did you mean port?",
      "cubby.toml:4: 'config': no such setting",
      "cubby.toml:1: host: 'nowhere' is not an IPv4 address, an IPv6 address, or localhost",
      "--port: '99999' is not a whole number from 0 to 65535",
      "CUBBY_MAX_MEMORY: '7m' is not a percentage such as 70%, or a size such as 512m or 1.5g, "
      "from "
      "8 MiB to 31 GiB",
      "CUBBY_SHARDS: '63' is not a power of two from 1 to 256",
      "--max-value-size: needs a value: a size such as 64k or 1.5m, from 1 byte to 1073741823 "
      "bytes",
      "cubby.toml:5: log-level: 'loud' is not one of error, warn, info, debug",
      "--log-level: 'quiet' is not one of error, warn, info, debug",
  };
  EXPECT_EQ(configuration.problems, expected);
}

TEST(Configuration, AFileThatCannotBeReadIsAProblem) {
  World world;
  EXPECT_EQ(world.load({"--config", "gone.toml"}).problems,
            Strings{"--config: cannot read 'gone.toml': No such file or directory"});
  EXPECT_EQ(world.load({"--config"}).problems, Strings{"--config: needs the name of a file"});
  world.variables["CUBBY_CONFIG"] = "gone.toml";
  EXPECT_EQ(world.load({}).problems,
            Strings{"CUBBY_CONFIG: cannot read 'gone.toml': No such file or directory"});
}

TEST(Configuration, KubernetesVariableIsExplained) {
  World world;
  world.variables["CUBBY_PORT"] = "tcp://10.0.0.1:7171";
  EXPECT_EQ(
      world.load({}).problems,
      Strings{"CUBBY_PORT: 'tcp://10.0.0.1:7171' is not a whole number from 0 to 65535 (set by "
              "Kubernetes for a Service of this name? enableServiceLinks: false prevents it)"});
}

TEST(Configuration, MemoryIsMeasuredAgainstTheMachine) {
  const std::string rest =
      " of 39 MiB, the container's limit (/c), with at least 32 MiB left free, is less than 8 MiB, "
      "the smallest that will do: it takes a machine or a container of at least 40 MiB, or "
      "--max-memory 8m";
  World world;
  world.machine = {39 * kMiB, "the container's limit (/c)", 1, "one a core"};
  EXPECT_EQ(world.load({}).problems, Strings{"max-memory: 70%" + rest});
  EXPECT_EQ(world.load({"--max-memory=80%"}).problems, Strings{"--max-memory: 80%" + rest});
  EXPECT_EQ(world.settings({"--max-memory=8m"}).memory_bytes, 8 * kMiB);

  world.machine.memory_bytes = 41 * kMiB;
  EXPECT_EQ(world.settings({}).memory_bytes, 9 * kMiB);
  world.variables["CUBBY_MAX_MEMORY"] = "9m";
  EXPECT_EQ(world.settings({}).memory_bytes, 9 * kMiB);
  EXPECT_EQ(world.settings({}).memory_reason, "set by CUBBY_MAX_MEMORY");
  EXPECT_EQ(world.settings({}).memory_warning, "");
  const Settings above = world.settings({"--max-memory", "10m"});
  EXPECT_EQ(above.memory_bytes, 10 * kMiB);
  EXPECT_EQ(above.memory_reason,
            "set by --max-memory, which leaves less than 32 MiB free of 41 MiB, the container's "
            "limit (/c)");
  EXPECT_EQ(above.memory_warning,
            "the memory limit of 10 MiB leaves less than 32 MiB free of 41 MiB, the container's "
            "limit (/c): the kernel may kill the process");
}

// A bad amount is reported once, not measured as well.
TEST(Configuration, ABadMemoryAmountIsOneProblem) {
  World world;
  world.machine.memory_bytes = 0;
  EXPECT_EQ(world.load({"--max-memory", "lots"}).problems.size(), 1U);
}

TEST(Configuration, ThreadsThatWereGivenAreTaken) {
  const Settings settings = World().settings({"--threads", "7"});
  EXPECT_EQ(settings.threads, 7U);
  EXPECT_EQ(settings.threads_reason, "");
}

TEST(Configuration, AnActionStandsBesideTheSettings) {
  const Configuration configuration = World().load({"--healthcheck", "--port", "80"});
  EXPECT_EQ(configuration.action, Action::healthcheck);
  EXPECT_EQ(configuration.settings.port, 80);
}

TEST(Configuration, OriginsComeFromEverySource) {
  World world;
  world.files["f"] = "cors-origin = \"https://file.example, http://localhost:3000\"";
  EXPECT_EQ(world.settings({"--config", "f"}).cors_origins,
            (Strings{"https://file.example", "http://localhost:3000"}));
  world.variables["CUBBY_CORS_ORIGIN"] = "https://a.example,https://b.example";
  EXPECT_EQ(world.settings({"--config", "f"}).cors_origins,
            (Strings{"https://a.example", "https://b.example"}));
  EXPECT_EQ(world
                .settings({"--cors-origin", "https://c.example", "--cors-origin",
                           "https://d.example", "--config", "f"})
                .cors_origins,
            (Strings{"https://c.example", "https://d.example"}));
  EXPECT_EQ(world.settings({"--cors-origin", "none"}).cors_origins, Strings{});
  EXPECT_EQ(world.settings({"--cors-origin=*"}).cors_origins, Strings{"*"});
}

TEST(Configuration, ABadOriginIsOneProblem) {
  const std::string expected =
      " is not a list of origins such as https://app.example:8443 (no path, commas between them), "
      "or "
      "*, or none";
  World world;
  EXPECT_EQ(world.load({"--cors-origin", "https://a.example", "--cors-origin", "b"}).problems,
            Strings{"--cors-origin: 'https://a.example,b'" + expected});
  world.variables["CUBBY_CORS_ORIGIN"] = "https://a.example/";
  EXPECT_EQ(world.load({}).problems, Strings{"CUBBY_CORS_ORIGIN: 'https://a.example/'" + expected});
}

}  // namespace
}  // namespace cubby::app
