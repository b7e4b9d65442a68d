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

}  // namespace

void read_unread_head(std::string_view text, const Limits& limits, Request& request) noexcept {
  text = text.substr(0, limits.max_header_bytes);
  std::string_view line = text.substr(0, std::min(text.find('\r'), text.find('\n')));
  if (take_word(line) == name_of(Method::head)) request.head.method = Method::head;
  // Where the target ends in something that no target has, the path is known all the same.
  Target target;
  split_target(take_word(line), false, target);
  request.operation.is_v1 = is_of_v1(target);
  request.text = text.substr(0, text.rfind('\n') + 1);
  if (only_line(request.text, "origin")) request.head.note(Field::origin);
}

}  // namespace cubby::protocol
