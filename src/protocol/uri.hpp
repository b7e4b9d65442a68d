// The parts of a URI that a request brings (RFC 3986, with what RFC 9110 and RFC 9112 add).

#pragma once

#include <cstddef>
#include <string_view>

namespace cubby::protocol {

// uri-host [ ":" port ] as a Host field has it (RFC 9110, section 7.2). Stricter than the grammar
// in two things: the host is not empty, as no http URI has an empty one (section 4.2.1), and it has
// no comma, which is what two Host fields look like when somebody has joined them.
bool is_host(std::string_view text) noexcept;

// A percent sign without two hex digits after it.
bool has_bad_escape(std::string_view text) noexcept;

// A request target, taken apart. The views are into it, or to a constant.
struct Target {
  std::string_view path = {};   // as sent; "*" for the server as a whole
  std::string_view query = {};  // as sent, without the question mark
  // It is known that both are ASCII, and that neither has a percent sign, a plus sign or an
  // ampersand: that nothing is encoded, and that the query is one parameter at most.
  bool is_plain = false;

  bool operator==(const Target&) const = default;
};

// Takes the path and the query at the beginning of `text`, which end before the first character
// that they cannot have, apart. Returns how many bytes they have.
std::size_t take_path_and_query(std::string_view text, Target& target) noexcept;

// Splits a target in origin-form, absolute-form or asterisk-form (RFC 9112, section 3.2). False
// when it has none of these, or a character that a URI cannot have. Whether percent signs are
// followed by hex digits is not looked at.
bool split_target(std::string_view text, bool is_options, Target& target) noexcept;

// Whether a path as sent is `plain`: it may have letters, digits and -._~ percent-encoded, which
// changes nothing (RFC 3986, section 6.2.2.2).
bool is_same_path(std::string_view sent, std::string_view plain) noexcept;

}  // namespace cubby::protocol
