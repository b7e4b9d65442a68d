// Characters as the grammars of HTTP and URIs see them, whatever the locale.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace cubby::protocol {

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

// Compares without regard to case; `lower` is in lower case already.
constexpr bool equals_lower(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return to_lower(a) == b; });
}

// A set of bytes: letters, digits and `marks`.
class AlphanumericAnd {
 public:
  constexpr explicit AlphanumericAnd(std::string_view marks) {
    for (const char c : marks) insert(c);
    for (char c = '0'; c <= '9'; ++c) insert(c);
    for (char c = 'a'; c <= 'z'; ++c) insert(c);
    for (char c = 'A'; c <= 'Z'; ++c) insert(c);
  }

  constexpr bool contains(char c) const { return has_[static_cast<unsigned char>(c)]; }

  constexpr bool contains_all(std::string_view text) const {
    return std::all_of(text.begin(), text.end(), [this](char c) { return contains(c); });
  }

 private:
  constexpr void insert(char c) { has_[static_cast<unsigned char>(c)] = true; }

  std::array<bool, 256> has_{};
};

// unreserved (RFC 3986, section 2.3)
inline constexpr AlphanumericAnd kUnreserved("-._~");

// tchar (RFC 9110, section 5.6.2)
inline constexpr AlphanumericAnd kTokenChars("!#$%&'*+-.^_`|~");

}  // namespace cubby::protocol
