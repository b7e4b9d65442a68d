#include "app/config_file.hpp"

#include <sstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace cubby::app {
namespace {

std::string entries_of(std::string_view text) {
  std::ostringstream out;
  for (const FileEntry& entry : parse_config_file(text).entries) {
    out << entry.line << ' ' << entry.key << '=' << entry.value << ';';
  }
  return out.str();
}

std::string problems_of(std::string_view text) {
  std::ostringstream out;
  for (const FileProblem& problem : parse_config_file(text).problems) {
    out << problem.line << ": " << problem.what << '\n';
  }
  return out.str();
}

TEST(ConfigFile, ReadsWhatTomlWrites) {
  const struct {
    std::string_view text;
    std::string_view entries;
  } cases[] = {
      {"", ""},
      {"\n\n", ""},
      {"# only a comment", ""},
      {"port = 7171", "1 port=7171;"},
      {"port=7171\n", "1 port=7171;"},
      {"  port\t=\t7171  # why\n", "1 port=7171;"},
      {"port = 7171#why\n", "1 port=7171;"},
      {"port = 7_171", "1 port=7171;"},
      {"port = -1", "1 port=-1;"},
      {"timeout = 1.5", "1 timeout=1.5;"},
      {"on = true\noff = false", "1 on=true;2 off=false;"},
      {"host = \"::1\"\r\nport = 1\r\n", "1 host=::1;2 port=1;"},
      {"host = \"a # b\" # c", "1 host=a # b;"},
      {"host = 'C:\\x'", "1 host=C:\\x;"},
      {"host = \"\"", "1 host=;"},
      {"host = \"a\\\"b\\\\c\\td\"", "1 host=a\"b\\c\td;"},
      {"\n# x\n\nmax-memory = \"70%\"\nmax_2 = 3", "4 max-memory=70%;5 max_2=3;"},
  };
  for (const auto& [text, entries] : cases) {
    EXPECT_EQ(entries_of(text), entries) << text;
    EXPECT_EQ(problems_of(text), "") << text;
  }
}

TEST(ConfigFile, NamesTheLineOfWhatItCannotRead) {
  using namespace std::string_view_literals;
  const struct {
    std::string_view text;
    std::string_view problems;
  } cases[] = {
      {"port", "1: not a line of the form key = value\n"},
      {"port 7171", "1: not a line of the form key = value\n"},
      {"= 7171", "1: not a line of the form key = value\n"},
      {"\"port\" = 1", "1: not a line of the form key = value\n"},
      {"a.b = 1", "1: not a line of the form key = value\n"},
      {"\0 = 1"sv, "1: not a line of the form key = value\n"},
      {"port =", "1: port: has no value\n"},
      {"port = # 7171", "1: port: has no value\n"},
      {"[server]\nport = 1", "1: tables such as '[server]' are not used here\n"},
      {"port = 1 2", "1: port: '2' after the value\n"},
      {"host = \"a\" b", "1: host: 'b' after the value\n"},
      {"host = \"a", "1: host: '\"a' is not a string of TOML\n"},
      {"host = \"a\\\"", "1: host: '\"a\\\"' is not a string of TOML\n"},
      {"host = \"a\\", "1: host: '\"a\\' is not a string of TOML\n"},
      {"host = \"a\\q\"", "1: host: '\"a\\q\"' is not a string of TOML\n"},
      {"host = 'a", "1: host: ''a' is not a string of TOML\n"},
      {"host = \"\"\"a\"\"\"", "1: host: '\"a\"\"\"' after the value\n"},
      {"size = 1g", "1: size: '1g' is not a value of TOML; a text needs quotes: \"...\"\n"},
      {"size = 1_", "1: size: '1_' is not a value of TOML; a text needs quotes: \"...\"\n"},
      {"size = 1__0", "1: size: '1__0' is not a value of TOML; a text needs quotes: \"...\"\n"},
      {"size = 007", "1: size: '007' is not a value of TOML; a text needs quotes: \"...\"\n"},
      {"size = 1.", "1: size: '1.' is not a value of TOML; a text needs quotes: \"...\"\n"},
      {"size = .5", "1: size: '.5' is not a value of TOML; a text needs quotes: \"...\"\n"},
      {"size = [1]", "1: size: '[1]' is not a value of TOML; a text needs quotes: \"...\"\n"},
      {"a = 1\nb = 2\na = 3", "3: a: already set in line 1\n"},
      {"x\ny\n\nz = 1\nw",
       "1: not a line of the form key = value\n"
       "2: not a line of the form key = value\n"
       "5: not a line of the form key = value\n"},
  };
  for (const auto& [text, problems] : cases) EXPECT_EQ(problems_of(text), problems) << text;
}

TEST(ConfigFile, WrittenValuesAreReadBack) {
  const struct {
    std::string_view text;
    std::string_view written;
  } cases[] = {{"7171", "7171"},       {"0", "0"},        {"70%", "\"70%\""},   {"007", "\"007\""},
               {"1.5", "\"1.5\""},     {"", "\"\""},      {"true", "\"true\""}, {"-1", "\"-1\""},
               {"a\"b", "\"a\\\"b\""}, {"\\", "\"\\\\\""}};
  for (const auto& [text, written] : cases) {
    EXPECT_EQ(format_config_value(text), written);
    EXPECT_EQ(entries_of("k = " + format_config_value(text)), "1 k=" + std::string(text) + ";");
  }
}

}  // namespace
}  // namespace cubby::app
