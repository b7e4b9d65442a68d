#include "protocol/unread_head.hpp"

#include <algorithm>

#include "protocol/field_lines.hpp"
#include "protocol/route.hpp"
#include "protocol/uri.hpp"

namespace cubby::protocol {
namespace {

// Takes what comes before the first space off the beginning of `text`, and that as well.
std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

// The lines at the beginning of `text` that are whole and could be those of a head.
std::string_view good_lines(std::string_view text) {
  std::size_t end = 0;
  for (bool is_first = true;; is_first = false) {
    const std::string_view line = text.substr(end, text.find('\n', end) - end);
    const bool is_whole = end + line.size() < text.size() && line.ends_with('\r');
    const bool is_field = is_first || line.find(':') != std::string_view::npos;
    if (!is_whole || !is_field) return text.substr(0, end);
    end += line.size() + 1;
  }
}

}  // namespace

void read_unread_head(std::string_view text, const Limits& limits, Request& request) noexcept {
  text = text.substr(0, limits.max_header_bytes);
  std::string_view line = text.substr(0, std::min(text.find('\r'), text.find('\n')));
  if (take_word(line) == name_of(Method::head)) request.head.method = Method::head;
  // Where the target ends in something that no target has, the path is known all the same.
  Target target;
  split_target(take_word(line), false, target);
  request.operation.is_v1 = is_of_v1(target);
  request.text = good_lines(text);
  if (only_line(request.text, "origin")) request.head.note(Field::origin);
}

}  // namespace cubby::protocol
