// What a JSON text consists of, written down as a string: as the scanner tells it, and as
// nlohmann's parser does.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace cubby::test {

struct JsonTrace {
  protocol::Error error = protocol::Error::none;
  // One line each: { } [ ], #NUMBER, a literal, or N or S, a size, and the decoded text of a name
  // or a string. Numbers end in ~ where the rest is not told. A text that an error cut short has no
  // size.
  std::string events;

  bool operator==(const JsonTrace&) const = default;
};

// Feeds `text` to a scanner in pieces that end at `cuts`, each of which is gone before the next.
// What an event promises is checked, with "broken" in the trace where it is not kept.
JsonTrace scan(std::string_view text, const std::vector<std::size_t>& cuts = {},
               std::size_t max_depth = 64);

// What scan() should give for a text that may be nested at will: bad_json without events when
// nlohmann's parser refuses it. Nothing where that parser is known to differ: it skips a byte order
// mark, takes a NUL for the end, and refuses numbers that it cannot hold.
std::optional<JsonTrace> reference_scan(std::string_view text);

// Every place between two bytes.
std::vector<std::size_t> every_cut(std::size_t size);

// Calls `use(piece)` with each part of `bytes` in turn, in memory of its own that ends with it.
template <class Use>
void for_each_piece(std::string_view bytes, const std::vector<std::size_t>& cuts, Use&& use) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::size_t end = i < cuts.size() ? cuts[i] : bytes.size();
    const std::vector<char> piece(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                                  bytes.begin() + static_cast<std::ptrdiff_t>(end));
    use(std::string_view(piece.data(), piece.size()));
    begin = end;
  }
}

}  // namespace cubby::test
