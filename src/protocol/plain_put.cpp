#include "protocol/plain_put.hpp"

#include <cstddef>
#include <utility>

#include "protocol/json_text.hpp"
#include "protocol/key.hpp"
#include "protocol/utf8.hpp"

namespace cubby::protocol {
namespace {

// Takes one token after the other off the beginning of a text, with the white space before it.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}

  bool take(char c) {
    skip_space();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // A string without escapes.
  bool take_text(std::string_view& text) {
    if (!take('"')) return false;
    Utf8Checker checker;
    const std::size_t size = text_size(rest_, checker);
    if (size == rest_.size() || rest_[size] != '"' || !checker.is_whole()) return false;
    text = rest_.substr(0, size);
    rest_.remove_prefix(size + 1);
    return true;
  }

  bool at_end() {
    skip_space();
    return rest_.empty();
  }

 private:
  void skip_space() {
    while (!rest_.empty() && is_json_space(rest_.front())) rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

struct Member {
  std::string_view name;
  std::string_view text;
};

bool take_member(Tokens& tokens, Member& member) {
  return tokens.take_text(member.name) && tokens.take(':') && tokens.take_text(member.text);
}

}  // namespace

std::optional<PlainPut> read_plain_put(std::string_view body, const Limits& limits) noexcept {
  Tokens tokens(body);
  Member key;
  Member value;
  const bool is_object = tokens.take('{') && take_member(tokens, key) && tokens.take(',') &&
                         take_member(tokens, value) && tokens.take('}') && tokens.at_end();
  if (!is_object || limits.max_json_depth == 0) return std::nullopt;
  if (key.name == "value") std::swap(key, value);
  if (key.name != "key" || value.name != "value") return std::nullopt;
  if (value.text.size() > limits.max_value_bytes) return std::nullopt;
  if (check_key(key.text, limits) != Error::none) return std::nullopt;
  return PlainPut{key.text, value.text};
}

}  // namespace cubby::protocol
