// How people write numbers, sizes, percentages and times, and how we write them back.
//
// A parser takes the whole text or nothing: no spaces, no signs, nothing left over.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cubby::app {

// A whole number that fits 64 bits: "7171".
std::optional<std::uint64_t> parse_number(std::string_view text);

// Bytes: "65536", or with a unit of 1024 bytes and its powers in either case: "64k", "512m",
// "1.5g", "1GiB". A fraction needs a unit, and is rounded down to whole bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);

// "70%", "12.5%": at most 100.
std::optional<double> parse_percentage(std::string_view text);

// "5" and "5s" are seconds; there are also "500ms", "5m", "12h" and "7d". All but milliseconds may
// have a fraction: "1.5h". At most a hundred years, and not less than a millisecond but for 0.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// "512 MiB", "1.4 GiB", "1000 bytes": at most two decimals.
std::string format_size(std::uint64_t bytes);

// "70%", "12.5%": at most three decimals.
std::string format_percentage(double percentage);

// "500ms", "5s", "1.5s"; from a minute on "1m 30s", "26h 0m 1s", in whole seconds.
std::string format_duration(std::chrono::milliseconds duration);

// `text` with its control characters escaped, so that it stays on one line of a terminal or a log.
std::string one_line(std::string_view text);

// one_line() between quotes, and cut when it is longer than 100 bytes.
std::string in_quotes(std::string_view text);

}  // namespace cubby::app
