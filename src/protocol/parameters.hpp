// The parameters that a query of /v1 may have.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/form.hpp"
#include "protocol/limits.hpp"

namespace cubby::protocol {

enum class Parameter : std::uint8_t { ttl, by, initial, prefix, limit, cursor, all };

// The most that `limit` may be.
inline constexpr std::size_t kMostListed = 1000;

// What a query says. What it does not say is as it is here.
struct Parameters {
  std::optional<std::chrono::milliseconds> ttl;
  std::int64_t by = 1;
  std::int64_t initial = 0;
  std::optional<std::string_view> prefix;  // decoded; UTF-8 of at most max_key_length code points
  std::string_view cursor;                 // as it was sent; empty means none
  std::size_t limit = 100;
  bool all = false;
};

// The parameters that an operation takes.
class ParameterSet {
 public:
  template <class... Each>
  constexpr explicit ParameterSet(Each... each) : bits_((0U | ... | bit(each))) {}

  constexpr bool has(Parameter parameter) const { return (bits_ & bit(parameter)) != 0; }

 private:
  static constexpr unsigned bit(Parameter parameter) {
    return 1U << static_cast<unsigned>(parameter);
  }

  unsigned bits_;
};

// Reads a query that has these parameters, each at most once, and no others. What is decoded is
// decoded into `buffer`.
//
// Errors: bad_escape, unknown_parameter, repeated_parameter, bad_ttl, bad_number, bad_prefix,
// bad_limit, bad_flag.
Error read_parameters(std::string_view query, ParameterSet allowed, const Limits& limits,
                      KeyBuffer& buffer, Parameters& parameters) noexcept;

}  // namespace cubby::protocol
