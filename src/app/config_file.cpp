#include "app/config_file.hpp"

#include <algorithm>
#include <optional>

#include "app/values.hpp"

namespace cubby::app {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_bare(char c) {
  return is_digit(c) || c == '-' || c == '_' || kLetters.find(c) != std::string_view::npos;
}

// Takes one line apart from the left. Each take_ function leaves `rest` behind what it took.
struct Line {
  std::string_view rest;

  void skip_blanks() { rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size())); }
  bool at_end() const { return rest.empty() || rest.front() == '#'; }

  std::string_view take(std::size_t count) {
    const std::string_view taken = rest.substr(0, count);
    rest.remove_prefix(taken.size());
    return taken;
  }

  std::string_view take_key() {
    std::size_t length = 0;
    while (length < rest.size() && is_bare(rest[length])) ++length;
    return take(length);
  }

  bool take_equals() {
    skip_blanks();
    if (!rest.starts_with('=')) return false;
    take(1);
    skip_blanks();
    return true;
  }
};

// The character after a backslash in a basic string, or nothing when TOML knows no such escape.
// Escapes by code point (\u00e9) are left out: no setting has a use for them.
std::optional<char> unescape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case 'f':
      return '\f';
    case 'r':
      return '\r';
    case '"':
      return '"';
    case '\\':
      return '\\';
    default:
      return std::nullopt;
  }
}

std::optional<std::string> take_string(Line& line) {
  const char quote = line.take(1).front();
  std::string value;
  while (!line.rest.empty() && line.rest.front() != quote) {
    char c = line.take(1).front();
    if (c == '\\' && quote == '"') {
      if (line.rest.empty()) return std::nullopt;
      const std::optional<char> escaped = unescape(line.take(1).front());
      if (!escaped) return std::nullopt;
      c = *escaped;
    }
    value += c;
  }
  if (line.rest.empty()) return std::nullopt;
  line.take(1);
  return value;
}

// Digits with single underscores between them.
bool is_digits(std::string_view text) {
  if (text.empty() || !is_digit(text.front()) || !is_digit(text.back())) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_digit(text[i]) && !(text[i] == '_' && is_digit(text[i + 1]))) return false;
  }
  return true;
}

bool is_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  if (!is_digits(whole) || (whole.size() > 1 && whole.front() == '0')) return false;
  return point == std::string_view::npos || is_digits(text.substr(point + 1));
}

std::optional<std::string> take_scalar(Line& line) {
  const std::string_view token =
      line.take(std::min(line.rest.find_first_of(" \t#"), line.rest.size()));
  if (token != "true" && token != "false" && !is_number(token)) return std::nullopt;
  std::string value(token);
  std::erase(value, '_');
  return value;
}

class Parser {
 public:
  FileContent take_lines(std::string_view text) {
    while (!text.empty()) {
      const std::size_t length = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, length);
      text.remove_prefix(std::min(length + 1, text.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      ++number_;
      take_line(Line{line});
    }
    return std::move(content_);
  }

 private:
  void take_line(Line line) {
    line.skip_blanks();
    if (line.at_end()) return;
    if (line.rest.front() == '[') {
      return refuse("tables such as " + in_quotes(line.rest) + " are not used here");
    }
    const std::string key(line.take_key());
    if (key.empty() || !line.take_equals()) return refuse("not a line of the form key = value");
    if (line.at_end()) return refuse(key + ": has no value");

    const bool is_string = line.rest.front() == '"' || line.rest.front() == '\'';
    const std::string_view written = line.rest;
    const std::optional<std::string> value = is_string ? take_string(line) : take_scalar(line);
    if (!value && is_string)
      return refuse(key + ": " + in_quotes(written) + " is not a string of TOML");
    if (!value) {
      return refuse(key + ": " + in_quotes(written) +
                    " is not a value of TOML; a text needs quotes: \"" + "...\"");
    }
    line.skip_blanks();
    if (!line.at_end()) return refuse(key + ": " + in_quotes(line.rest) + " after the value");
    add(key, *value);
  }

  void add(const std::string& key, const std::string& value) {
    for (const FileEntry& entry : content_.entries) {
      if (entry.key == key) {
        return refuse(key + ": already set in line " + std::to_string(entry.line));
      }
    }
    content_.entries.push_back({number_, key, value});
  }

  void refuse(std::string what) { content_.problems.push_back({number_, std::move(what)}); }

  std::size_t number_ = 0;
  FileContent content_;
};

}  // namespace

FileContent parse_config_file(std::string_view text) { return Parser().take_lines(text); }

std::string format_config_value(std::string_view text) {
  if (is_number(text) && text.find_first_of("+-._") == std::string_view::npos) {
    return std::string(text);
  }
  std::string value = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') value += '\\';
    value += c;
  }
  return value + '"';
}

}  // namespace cubby::app
