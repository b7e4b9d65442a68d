#include "app/log.hpp"

#include <array>
#include <ctime>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

namespace cubby::app {
namespace {

std::string everything_logged_at(LogLevel level) {
  testing::internal::CaptureStderr();
  {
    Log log(level);
    log.error("e");
    log.warn("w");
    log.info("i");
    log.debug("d");
  }
  return testing::internal::GetCapturedStderr();
}

// The last character of each line: which messages came through.
std::string came_through(const std::string& text) {
  std::string messages;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\n') messages += text[i - 1];
  }
  return messages;
}

TEST(Log, DropsWhatIsLessSevere) {
  EXPECT_EQ(came_through(everything_logged_at(LogLevel::error)), "e");
  EXPECT_EQ(came_through(everything_logged_at(LogLevel::warn)), "ew");
  EXPECT_EQ(came_through(everything_logged_at(LogLevel::info)), "ewi");
  EXPECT_EQ(came_through(everything_logged_at(LogLevel::debug)), "ewid");
}

TEST(Log, ALineIsTimeLevelMessage) {
  testing::internal::CaptureStderr();
  Log(LogLevel::info).warn("100% {} \n%v");
  const std::string line = testing::internal::GetCapturedStderr();
  ASSERT_GT(line.size(), 25U);
  const std::string time = line.substr(0, 24);
  const std::string pattern = "dddd-dd-ddTdd:dd:dd.dddZ";
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == 'd') {
      EXPECT_TRUE(time[i] >= '0' && time[i] <= '9') << time;
    } else {
      EXPECT_EQ(time[i], pattern[i]) << time;
    }
  }
  EXPECT_EQ(line.substr(24), " warn 100% {} \\x0a%v\n");
}

std::string utc_minute() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:", &parts)};
}

TEST(Log, TimesAreUtcWhateverTheZone) {
  setenv("TZ", "AHEAD-5:30", 1);
  tzset();
  const std::string before = utc_minute();
  testing::internal::CaptureStderr();
  Log(LogLevel::info).info("x");
  const std::string line = testing::internal::GetCapturedStderr();
  const std::string after = utc_minute();
  unsetenv("TZ");
  tzset();
  EXPECT_TRUE(line.starts_with(before) || line.starts_with(after)) << line << before;
}

}  // namespace
}  // namespace cubby::app
