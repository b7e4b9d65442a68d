#include "app/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <system_error>

namespace cubby::app {
namespace {

constexpr std::string_view kDigits = "0123456789";

struct Quantity {
  std::string_view number;
  std::string_view unit;
};

Quantity split(std::string_view text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  return {text.substr(0, end), text.substr(end)};
}

template <class T>
std::optional<T> from_whole(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Digits, a point, digits: what std::from_chars takes beyond that ("inf", "1e9", ".5") is refused.
std::optional<double> parse_decimal(std::string_view text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = text.substr(std::min(point + 1, text.size()));
  const auto digits = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of(kDigits) == std::string_view::npos;
  };
  if (!digits(whole) || (point < text.size() && !digits(fraction))) return std::nullopt;
  return from_whole<double>(text);
}

bool is_whole(std::string_view number) { return number.find('.') == std::string_view::npos; }

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// The power of two that the unit stands for.
std::optional<unsigned> size_shift(std::string_view unit) {
  static constexpr std::string_view kPrefixes = "kmgt";
  const std::string lower = lower_case(unit);
  if (lower.empty() || lower == "b") return 0U;
  const std::size_t prefix = kPrefixes.find(lower[0]);
  const std::string_view rest = std::string_view(lower).substr(1);
  if (prefix == std::string_view::npos || !(rest.empty() || rest == "b" || rest == "ib")) {
    return std::nullopt;
  }
  return 10 * (static_cast<unsigned>(prefix) + 1);
}

std::optional<double> unit_in_milliseconds(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit.empty() || unit == "s") return 1000;
  if (unit == "m") return 60 * 1000;
  if (unit == "h") return 3600 * 1000;
  if (unit == "d") return 24 * 3600 * 1000;
  return std::nullopt;
}

// printf's "%.*f" without the zeros at the end.
std::string format_decimal(double value, int decimals) {
  std::array<char, 64> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), "%.*f", decimals, value);
  std::string text(buffer.data(), static_cast<std::size_t>(std::max(length, 0)));
  if (decimals > 0) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
  }
  return text;
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
  return from_whole<std::uint64_t>(text);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const Quantity quantity = split(text);
  const std::optional<unsigned> shift = size_shift(quantity.unit);
  if (!shift) return std::nullopt;
  if (is_whole(quantity.number)) {
    const std::optional<std::uint64_t> number = parse_number(quantity.number);
    if (!number || *number > (std::numeric_limits<std::uint64_t>::max() >> *shift)) {
      return std::nullopt;
    }
    return *number << *shift;
  }
  const std::optional<double> number = parse_decimal(quantity.number);
  if (!number || *shift == 0) return std::nullopt;
  const double bytes = std::ldexp(*number, static_cast<int>(*shift));
  if (bytes >= 0x1p64) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

std::optional<double> parse_percentage(std::string_view text) {
  const Quantity quantity = split(text);
  const std::optional<double> number = parse_decimal(quantity.number);
  if (!number || quantity.unit != "%" || *number > 100) return std::nullopt;
  return number;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr double kMostMilliseconds = 100.0 * 365 * 24 * 3600 * 1000;
  const Quantity quantity = split(text);
  const std::optional<double> unit = unit_in_milliseconds(quantity.unit);
  const std::optional<double> number = parse_decimal(quantity.number);
  if (!unit || !number || (*unit == 1 && !is_whole(quantity.number))) return std::nullopt;
  const double milliseconds = *number * *unit;
  if (milliseconds > kMostMilliseconds) return std::nullopt;
  // A very short time must not be rounded to 0, which often means that there is no limit.
  if (milliseconds > 0 && milliseconds < 1) return std::nullopt;
  return std::chrono::milliseconds(std::llround(milliseconds));
}

std::string format_size(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 5> kUnits = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
  std::size_t unit = 0;
  double value = static_cast<double>(bytes);
  // 1023.995 would be written as 1024.
  while (value >= 1023.995 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return format_decimal(value, 2) + ' ' + std::string(kUnits[unit]);
}

std::string format_percentage(double percentage) { return format_decimal(percentage, 3) + '%'; }

std::string format_duration(std::chrono::milliseconds duration) {
  const auto milliseconds = duration.count();
  if (milliseconds > 0 && milliseconds < 1000) return std::to_string(milliseconds) + "ms";
  if (milliseconds < 60'000) {
    return format_decimal(static_cast<double>(milliseconds) / 1000, 3) + 's';
  }
  const auto seconds = milliseconds / 1000;
  std::string text;
  if (seconds >= 3600) text = std::to_string(seconds / 3600) + "h ";
  return text + std::to_string(seconds / 60 % 60) + "m " + std::to_string(seconds % 60) + 's';
}

std::string one_line(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      result += "\\x";
      result += kHex[byte >> 4];
      result += kHex[byte & 15];
    } else {
      result += c;
    }
  }
  return result;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kMostBytes = 100;
  std::size_t end = std::min(text.size(), kMostBytes);
  // A cut falls between characters of UTF-8, not into one.
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  return '\'' + one_line(text.substr(0, end)) + (end < text.size() ? "...'" : "'");
}

}  // namespace cubby::app
