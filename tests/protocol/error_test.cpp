#include "protocol/error.hpp"

#include <string>

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

TEST(ErrorTest, MessagesNameTheLimit) {
  EXPECT_EQ(message_of(Error::key_too_long, {.max_key_length = 17}),
            "The key is longer than 17 characters.");
}

}  // namespace
}  // namespace cubby::protocol
