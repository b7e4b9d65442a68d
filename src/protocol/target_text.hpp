// The text of a request target behind its authority, read in one pass: a path and perhaps a query
// (RFC 3986, sections 3.3 and 3.4).

#pragma once

#include <cstddef>
#include <string_view>

namespace cubby::protocol {

struct TargetText {
  std::size_t size = 0;       // how many bytes at the beginning a path and a query can have
  std::size_t path_size = 0;  // how many of them come before the first question mark
  // There is no percent sign, plus sign or ampersand among them: nothing is encoded, and the query
  // is one parameter at most. All of it is ASCII anyhow.
  bool is_plain = true;
};

TargetText read_target_text(std::string_view text) noexcept;

// The same without instructions of a particular processor: what the above is where it has none.
TargetText portable_read_target_text(std::string_view text) noexcept;

}  // namespace cubby::protocol
