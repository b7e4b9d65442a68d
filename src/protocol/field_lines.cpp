#include "protocol/field_lines.hpp"

#include <algorithm>

namespace cubby::protocol {
namespace {

std::string_view without_space(std::string_view text) {
  constexpr std::string_view kSpace = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

}  // namespace

bool take_field_line(std::string_view& lines, std::string_view& name,
                     std::string_view& value) noexcept {
  const std::string_view line = lines.substr(0, lines.find('\n'));
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  lines.remove_prefix(line.size() + 1);
  name = line.substr(0, colon);
  // The line still has its carriage return.
  value = without_space(line.substr(colon + 1, line.size() - colon - 2));
  return true;
}

std::string_view lines_behind_first(std::string_view head) noexcept {
  return head.substr(std::min(head.find('\n'), head.size() - 1) + 1);
}

std::optional<std::string_view> only_line(std::string_view head, std::string_view name) noexcept {
  std::optional<std::string_view> found;
  bool is_repeated = false;
  for_each_line(head, name, [&](std::string_view value) {
    is_repeated = found.has_value();
    found = value;
    return !is_repeated;
  });
  return is_repeated ? std::nullopt : found;
}

std::string_view take_list_element(std::string_view& list) noexcept {
  const std::string_view element = list.substr(0, list.find(','));
  list.remove_prefix(std::min(element.size() + 1, list.size()));
  return without_space(element);
}

}  // namespace cubby::protocol
