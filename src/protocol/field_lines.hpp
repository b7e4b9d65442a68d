// What a head says in a field that is not read with the rest of it.

#pragma once

#include <optional>
#include <string_view>

#include "protocol/ascii.hpp"

namespace cubby::protocol {

// Takes the first field line off `lines`: the lines of a head, which has been read without fault,
// behind its first. False when there is none but the empty line that ends the head. The value is
// without the white space around it (RFC 9112, section 5).
bool take_field_line(std::string_view& lines, std::string_view& name,
                     std::string_view& value) noexcept;

// The lines behind the request line.
std::string_view lines_behind_first(std::string_view head) noexcept;

// Calls use(value) for each line of this name, given in lower case, until it returns false.
template <class Use>
void for_each_line(std::string_view head, std::string_view name, Use&& use) {
  std::string_view lines = lines_behind_first(head);
  std::string_view line_name;
  std::string_view value;
  while (take_field_line(lines, line_name, value)) {
    if (equals_lower(line_name, name) && !use(value)) return;
  }
}

// The value of the only line of this name; nothing when there is none or more than one.
std::optional<std::string_view> only_line(std::string_view head, std::string_view name) noexcept;

// Takes the first element off a comma-separated list, without the white space around it. An element
// may be empty.
std::string_view take_list_element(std::string_view& list) noexcept;

}  // namespace cubby::protocol
