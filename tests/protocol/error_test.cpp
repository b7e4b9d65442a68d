#include "protocol/error.hpp"

#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "protocol/json_escape.hpp"

namespace cubby::protocol {
namespace {

std::string message_of(Error error, const Limits& limits = {}) {
  std::string message;
  append_message(message, error, limits);
  return message;
}

TEST(ErrorTest, EveryErrorHasAStatusAReasonAndAMessage) {
  for (int i = 1; i < static_cast<int>(Error::count_); ++i) {
    const auto error = static_cast<Error>(i);
    EXPECT_GE(status_of(error), 400U);
    const std::string_view line = status_line_of(status_of(error));
    EXPECT_TRUE(line.starts_with("HTTP/1.1 " + std::to_string(status_of(error)) + ' ')) << line;
    EXPECT_TRUE(line.ends_with("\r\n")) << line;
    const std::string message = message_of(error);
    EXPECT_TRUE(message.ends_with(".")) << message;
    EXPECT_FALSE(needs_escape(message)) << message;
    EXPECT_EQ(message.find_first_of("{}"), std::string::npos) << message;
  }
}

// Lower-case words, the first of which begins with a letter, with a hyphen between two.
bool is_name(std::string_view text) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
  return !text.empty() && kLetters.find(text.front()) != std::string_view::npos &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") ==
             std::string_view::npos &&
         text.find("--") == std::string_view::npos && !text.ends_with('-');
}

TEST(ErrorTest, EveryErrorHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int i = 0; i < static_cast<int>(Error::count_); ++i) {
    const std::string_view name = name_of(static_cast<Error>(i));
    EXPECT_TRUE(is_name(name)) << name;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

TEST(ErrorTest, MessagesNameTheLimit) {
  EXPECT_EQ(message_of(Error::key_too_long, {.max_key_length = 17}),
            "The key is longer than 17 characters.");
}

}  // namespace
}  // namespace cubby::protocol
