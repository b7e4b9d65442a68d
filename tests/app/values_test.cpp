#include "app/values.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace cubby::app {
namespace {

using std::chrono::milliseconds;

template <class T>
struct Case {
  std::string_view text;
  std::optional<T> value;
};

TEST(Values, ParseNumbers) {
  const Case<std::uint64_t> cases[] = {
      {"0", 0},
      {"7171", 7171},
      {"007", 7},
      {"18446744073709551615", UINT64_MAX},
      {"18446744073709551616", std::nullopt},
      {"", std::nullopt},
      {"-1", std::nullopt},
      {"+1", std::nullopt},
      {" 1", std::nullopt},
      {"1 ", std::nullopt},
      {"1.0", std::nullopt},
      {"0x10", std::nullopt},
      {"1e3", std::nullopt},
      {"one", std::nullopt},
  };
  for (const auto& [text, value] : cases) EXPECT_EQ(parse_number(text), value) << text;
}

TEST(Values, ParseSizes) {
  const Case<std::uint64_t> cases[] = {
      {"0", 0},
      {"65536", 65536},
      {"65536b", 65536},
      {"1k", 1024},
      {"1K", 1024},
      {"1kb", 1024},
      {"1KiB", 1024},
      {"512m", std::uint64_t{512} << 20},
      {"512MB", std::uint64_t{512} << 20},
      {"1g", std::uint64_t{1} << 30},
      {"1.5g", std::uint64_t{3} << 29},
      {"0.5k", 512},
      {"1.0005k", 1024},  // rounded down from 1024.512
      {"2t", std::uint64_t{2} << 40},
      {"16777215t", std::uint64_t{16777215} << 40},
      {"16777216t", std::nullopt},  // 2^64
      {"16777216.0t", std::nullopt},
      {"99999999999999999999999.5t", std::nullopt},
      {"18446744073709551615", UINT64_MAX},
      {"18446744073709551616", std::nullopt},
      {"", std::nullopt},
      {"m", std::nullopt},
      {".5m", std::nullopt},
      {"1.m", std::nullopt},
      {"1.2.3m", std::nullopt},
      {"1.5", std::nullopt},
      {"1.5b", std::nullopt},
      {"-1m", std::nullopt},
      {"1 m", std::nullopt},
      {"1mm", std::nullopt},
      {"1x", std::nullopt},
      {"1mibb", std::nullopt},
      {"70%", std::nullopt},
      {"inf", std::nullopt},
      {"1e3", std::nullopt},
  };
  for (const auto& [text, value] : cases) EXPECT_EQ(parse_size(text), value) << text;
}

TEST(Values, ParsePercentages) {
  const Case<double> cases[] = {
      {"70%", 70},
      {"100%", 100},
      {"12.5%", 12.5},
      {"0.001%", 0.001},
      {"100.001%", std::nullopt},
      {"101%", std::nullopt},
      {"0%", 0},
      {"0.0%", 0},
      {"0", std::nullopt},
      {"-1%", std::nullopt},
      {"%", std::nullopt},
      {"70", std::nullopt},
      {"70 %", std::nullopt},
      {"70%%", std::nullopt},
      {"nan%", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& [text, value] : cases) EXPECT_EQ(parse_percentage(text), value) << text;
}

TEST(Values, ParseDurations) {
  const Case<milliseconds> cases[] = {
      {"0", milliseconds(0)},
      {"5", milliseconds(5000)},
      {"5s", milliseconds(5000)},
      {"0.29s", milliseconds(290)},
      {"1.5", milliseconds(1500)},
      {"500ms", milliseconds(500)},
      {"3153600000", milliseconds(3153600000000)},
      {"3153600001", std::nullopt},
      {"99999999999999999999s", std::nullopt},
      {"1.5ms", std::nullopt},
      {"1ms", milliseconds(1)},
      {"0ms", milliseconds(0)},
      {"0.000s", milliseconds(0)},
      {"0.001", milliseconds(1)},
      {"0.0009", std::nullopt},
      {"0.0009s", std::nullopt},
      {"0.00000001d", std::nullopt},
      {"5m", milliseconds(300'000)},
      {"1.5h", milliseconds(5'400'000)},
      {"7d", milliseconds(604'800'000)},
      {"0.5d", milliseconds(43'200'000)},
      {"36500d", milliseconds(3153600000000)},
      {"36501d", std::nullopt},
      {"5S", std::nullopt},
      {"5M", std::nullopt},
      {"5min", std::nullopt},
      {"1h30m", std::nullopt},
      {"d", std::nullopt},
      {"5 s", std::nullopt},
      {"-5s", std::nullopt},
      {"s", std::nullopt},
      {"ms", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& [text, value] : cases) EXPECT_EQ(parse_duration(text), value) << text;
}

TEST(Values, FormatSizes) {
  const struct {
    std::uint64_t bytes;
    std::string_view text;
  } cases[] = {
      {0, "0 bytes"},
      {1, "1 byte"},
      {1023, "1023 bytes"},
      {1024, "1 KiB"},
      {1536, "1.5 KiB"},
      {(1 << 20) - 1, "1 MiB"},
      {1 << 20, "1 MiB"},
      {std::uint64_t{512} << 20, "512 MiB"},
      {std::uint64_t{2} << 30, "2 GiB"},
      {1503238553, "1.4 GiB"},
      {(std::uint64_t{1} << 35) - (std::uint64_t{1} << 28), "31.75 GiB"},
      {std::uint64_t{1} << 50, "1024 TiB"},
  };
  for (const auto& [bytes, text] : cases) EXPECT_EQ(format_size(bytes), text) << bytes;
}

TEST(Values, FormatPercentages) {
  EXPECT_EQ(format_percentage(70), "70%");
  EXPECT_EQ(format_percentage(12.5), "12.5%");
  EXPECT_EQ(format_percentage(0.001), "0.001%");
}

TEST(Values, FormatDurations) {
  const struct {
    milliseconds duration;
    std::string_view text;
  } cases[] = {
      {milliseconds(0), "0s"},
      {milliseconds(1), "1ms"},
      {milliseconds(999), "999ms"},
      {milliseconds(1000), "1s"},
      {milliseconds(1500), "1.5s"},
      {milliseconds(59999), "59.999s"},
      {milliseconds(60000), "1m 0s"},
      {milliseconds(90500), "1m 30s"},
      {milliseconds(3599999), "59m 59s"},
      {milliseconds(3600000), "1h 0m 0s"},
      {std::chrono::hours(26) + milliseconds(1000), "26h 0m 1s"},
  };
  for (const auto& [duration, text] : cases) EXPECT_EQ(format_duration(duration), text);
}

TEST(Values, StayOnOneLine) {
  using namespace std::string_view_literals;
  EXPECT_EQ(one_line("plain, \xC3\xA9 and {}"), "plain, \xC3\xA9 and {}");
  EXPECT_EQ(one_line("a\nb\x1b[31m\x7f\0c"sv), "a\\x0ab\\x1b[31m\\x7f\\x00c");
}

TEST(Values, QuotesCutLongTextBetweenCharacters) {
  EXPECT_EQ(in_quotes("a\tb"), "'a\\x09b'");
  EXPECT_EQ(in_quotes(std::string(100, 'x')), "'" + std::string(100, 'x') + "'");
  EXPECT_EQ(in_quotes(std::string(101, 'x')), "'" + std::string(100, 'x') + "...'");
  EXPECT_EQ(in_quotes(std::string(99, 'x') + "\xC3\xA9"), "'" + std::string(99, 'x') + "...'");
}

}  // namespace
}  // namespace cubby::app
