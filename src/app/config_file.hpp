// Reads the configuration file: the part of TOML 1.0 that flat settings need.
//
// A line is `key = value`, a comment, or empty. Keys are bare (letters, digits, - and _); values
// are strings on one line ("basic" or 'literal'), decimal integers, decimal fractions and booleans.
// Tables, arrays, dates and strings over several lines are problems, not surprises.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cubby::app {

struct FileEntry {
  std::size_t line = 0;  // from 1
  std::string key;
  std::string value;  // as text: a string's content, or a number without its underscores
};

struct FileProblem {
  std::size_t line = 0;
  std::string what;
};

struct FileContent {
  std::vector<FileEntry> entries;  // no key twice
  std::vector<FileProblem> problems;
};

FileContent parse_config_file(std::string_view text);

// `text` as a value that parse_config_file() reads back: a bare integer where it is one, else a
// quoted string.
std::string format_config_value(std::string_view text);

}  // namespace cubby::app
