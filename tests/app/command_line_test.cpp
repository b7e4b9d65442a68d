#include "app/command_line.hpp"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace cubby::app {
namespace {

using Values = std::map<std::string, std::string>;
using Strings = std::vector<std::string>;

TEST(CommandLine, TakesValues) {
  const struct {
    Strings arguments;
    Values values;
  } cases[] = {
      {{}, {}},
      {{"--port", "80"}, {{"port", "80"}}},
      {{"--port=80"}, {{"port", "80"}}},
      {{"--port=a=b"}, {{"port", "a=b"}}},
      {{"--port", "-5"}, {{"port", "-5"}}},
      {{"--host", "::1"}, {{"host", "::1"}}},
      {{"--port", "1", "--port", "2"}, {{"port", "2"}}},
      {{"--cors-origin", "a", "--port", "1", "--cors-origin=b"},
       {{"cors-origin", "a,b"}, {"port", "1"}}},
      {{"--cors-origin", "*"}, {{"cors-origin", "*"}}},
      {{"--cors-origin", "a", "--cors-origin"}, {{"cors-origin", "a,"}}},
      {{"--cors-origin", "--cors-origin", "a"}, {{"cors-origin", ",a"}}},
      {{"--cors-origin"}, {{"cors-origin", ""}}},
      {{"--port", "1", "--threads=2", "--config", "f"},
       {{"port", "1"}, {"threads", "2"}, {"config", "f"}}},
      {{"--port"}, {{"port", ""}}},
      {{"--port="}, {{"port", ""}}},
      {{"--port", "--threads", "2"}, {{"port", ""}, {"threads", "2"}}},
      {{"--port=", "--threads", "2"}, {{"port", ""}, {"threads", "2"}}},
      {{"--port", "--version"}, {{"port", ""}}},
      {{"--config"}, {{"config", ""}}},
  };
  for (const auto& [arguments, values] : cases) {
    const CommandLine line = parse_command_line(arguments);
    EXPECT_EQ(line.values, values) << testing::PrintToString(arguments);
    EXPECT_EQ(line.problems, Strings{}) << testing::PrintToString(arguments);
  }
}

TEST(CommandLine, TakesEveryOptionOfTheTable) {
  for (const Option& option : options()) {
    const CommandLine line = parse_command_line({option.flag(), "x"});
    EXPECT_EQ(line.values, (Values{{option.name, "x"}}));
    EXPECT_EQ(line.problems, Strings{});
  }
}

TEST(CommandLine, FindsTheAction) {
  const struct {
    Strings arguments;
    Action action;
  } cases[] = {
      {{}, Action::run},
      {{"--port", "1"}, Action::run},
      {{"--help"}, Action::help},
      {{"-h"}, Action::help},
      {{"--version"}, Action::version},
      {{"--print-config", "--port", "1"}, Action::print_config},
      {{"--healthcheck"}, Action::healthcheck},
      {{"--help", "--help", "--version", "--healthcheck", "--print-config"}, Action::help},
      {{"--version", "--print-config"}, Action::version},
      {{"--print-config", "--healthcheck"}, Action::print_config},
      {{"--help", "--bogus"}, Action::help},
  };
  for (const auto& [arguments, action] : cases) {
    EXPECT_EQ(parse_command_line(arguments).action, action) << testing::PrintToString(arguments);
  }
}

TEST(CommandLine, ListsEverythingThatItDoesNotKnow) {
  const struct {
    Strings arguments;
    Strings problems;
  } cases[] = {
      {{"--bogus"}, {"'--bogus': no such option"}},
      {{"--prot", "80"}, {"'--prot': no such option; did you mean --port?"}},
      {{"--prot=80"}, {"'--prot': no such option; did you mean --port?"}},
      {{"--max_memory", "1g"}, {"'--max_memory': no such option; did you mean --max-memory?"}},
      {{"--halthcheck"}, {"'--halthcheck': no such option; did you mean --healthcheck?"}},
      {{"--confg", "x"}, {"'--confg': no such option; did you mean --config?"}},
      {{"-p", "80"}, {"'-p': no such option"}},
      {{"start"}, {"'start': not an option"}},
      {{"--", "--port", "1"}, {"'--port': no such option; did you mean --port?"}},
      {{"--port", "80", "81"}, {"'81': not an option"}},
      {{"--bogus", "1", "2", "--fake"},
       {"'--bogus': no such option", "'2': not an option", "'--fake': no such option"}},
      {{"--bogus=1", "2"}, {"'--bogus': no such option", "'2': not an option"}},
      {{"-"}, {"'-': not an option"}},
      {{""}, {"'': not an option"}},
      {{"---port", "1"}, {"'---port': no such option; did you mean --port?"}},
      {{"--\x1b[31m"}, {"'--\\x1b[31m': no such option"}},
  };
  for (const auto& [arguments, problems] : cases) {
    const CommandLine line = parse_command_line(arguments);
    EXPECT_EQ(line.problems, problems) << testing::PrintToString(arguments);
  }
}

}  // namespace
}  // namespace cubby::app
