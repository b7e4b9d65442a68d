#include "protocol/plain_put.hpp"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "support/put_body.hpp"

namespace cubby::protocol {
namespace {

using test::read_plain;
using test::read_put;

constexpr Limits kLimits{.max_key_length = 4, .max_value_bytes = 8};

TEST(PlainPutTest, TakesTwoStringsInEitherOrder) {
  for (const char* body : {
           R"({"key":"k","value":"v"})",
           R"({"value":"v","key":"k"})",
           " {\t\"key\" :\n\"k\" ,\r \"value\": \"v\" } ",
       }) {
    const auto plain = read_plain_put(body, kLimits);
    ASSERT_TRUE(plain) << body;
    EXPECT_EQ(plain->key, "k") << body;
    EXPECT_EQ(plain->value, "v") << body;
  }
  EXPECT_EQ(read_plain_put(R"({"key":"🦊éab","value":""})", kLimits)->key, "🦊éab");
  EXPECT_EQ(read_plain_put(R"({"key":"k","value":"🦊🦊"})", kLimits)->value, "🦊🦊");
}

TEST(PlainPutTest, LeavesEverythingElse) {
  for (const std::string body : {
           "",
           "{",
           "{}",
           R"({"key":"k"})",
           R"({"key":"k","key":"v"})",
           R"({"value":"k","value":"v"})",
           R"({"key":"k","values":"v"})",
           R"({"key":"k","value":"v","ttl":1})",
           R"({"key":"k","value":"v",})",
           R"({"key":"k" "value":"v"})",
           R"({"key" "k","value":"v"})",
           R"({"key":"k","value":1})",
           R"({"key":"k","value":"v"}})",
           R"({"key":"k","value":"v"} x)",
           R"({"key":"k","value":"v")",
           R"({"key":"k","value":"v)",
           R"({"key":"k","value":"\n"})",
           R"({"k\u0065y":"k","value":"v"})",
           "{\"key\":\"k\",\"value\":\"\n\"}",
           "{\"key\":\"k\",\"value\":\"\xFF\"}",
           "{\"key\":\"k\",\"value\":\"\xC3\"}",
           "\xEF\xBB\xBF{\"key\":\"k\",\"value\":\"v\"}",
           R"({"key":"","value":"v"})",
           R"({"key":"abcde","value":"v"})",
           R"({"key":"k","value":"123456789"})",
       }) {
    EXPECT_FALSE(read_plain_put(body, kLimits)) << body;
  }
  EXPECT_FALSE(read_plain_put(R"({"key":"k","value":"v"})", {.max_json_depth = 0}));
}

TEST(PlainPutTest, SaysWhatTheReaderSays) {
  const std::string right = R"( {"key" : "kéy","value": "value 🦊"} )";
  constexpr std::string_view kBytes = "{}[]:,\" \\nukeyvalue1\n\x80\xC3\xA9";
  std::mt19937 random(1);
  int taken = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string body = right;
    for (auto changes = random() % 3; changes > 0; --changes) {
      const std::size_t at = random() % body.size();
      const char byte = kBytes[random() % kBytes.size()];
      switch (random() % 3) {
        case 0:
          body[at] = byte;
          break;
        case 1:
          body.insert(at, 1, byte);
          break;
        default:
          body.erase(at, 1);
          break;
      }
    }
    const Limits limits{.max_key_length = 4, .max_value_bytes = 11};
    const auto plain = read_plain(body, limits);
    if (!plain) continue;
    ++taken;
    EXPECT_EQ(*plain, read_put(body, limits)) << body;
  }
  EXPECT_GT(taken, 10'000);
}

}  // namespace
}  // namespace cubby::protocol
