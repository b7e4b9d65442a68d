// Counters: POST /v1/keys/{key}/incr.

#include <string>

#include "protocol/keys_fixture.hpp"

namespace cubby::test {
namespace {

using namespace std::string_literals;

constexpr auto kLeast = "-9223372036854775808";
constexpr auto kMost = "9223372036854775807";

class KeyCountersTest : public KeysTest {};

TEST_F(KeyCountersTest, AddToANumberAsItIsWritten) {
  const struct {
    std::string value;
    std::string by;
    std::string sum;
  } cases[] = {
      {"0", "1", "1"},       {"9", "1", "10"},
      {"-1", "1", "0"},      {"10", "-11", "-1"},
      {"41", "0", "41"},     {"9223372036854775806", "1", kMost},
      {kMost, "0", kMost},   {kMost, "-1", "9223372036854775806"},
      {kMost, kLeast, "-1"}, {"-9223372036854775807", "-1", kLeast},
      {kLeast, "0", kLeast}, {kLeast, "1", "-9223372036854775807"},
      {kLeast, kMost, "-1"}, {"0", kLeast, kLeast},
      {"0", kMost, kMost},
  };
  for (const auto& [value, by, sum] : cases) {
    store("k", value);
    const ReceivedReply reply = ask("POST /v1/keys/k/incr?by=" + by);
    EXPECT_EQ(reply.status, 200) << value << " + " << by;
    EXPECT_EQ(reply.body, sum) << value << " + " << by;
    EXPECT_EQ(reply.field("Content-Type"), kText);
    EXPECT_EQ(reply.field("ETag"), tag_of(sum, kText));
    const ReceivedReply got = ask("GET /v1/keys/k");
    EXPECT_EQ(got.body, sum);
    EXPECT_EQ(got.field("ETag"), reply.field("ETag"));
    // And without an entry.
    const ReceivedReply made = ask("POST /v1/keys/l/incr?initial=" + value + "&by=" + by);
    EXPECT_EQ(made.body, sum);
    EXPECT_EQ(made.field("ETag"), tag_of(sum, kText));
    EXPECT_EQ(ask("POST /v1/keys/l/take").field("Content-Type"), kText);
  }
}

TEST_F(KeyCountersTest, DoNotOverflow) {
  const struct {
    std::string value;
    std::string by;
  } cases[] = {{kMost, "1"},     {kMost, kMost}, {kLeast, "-1"},
               {kLeast, kLeast}, {"1", kMost},   {"-1", kLeast}};
  for (const auto& [value, by] : cases) {
    store("k", value);
    const ReceivedReply reply = ask("POST /v1/keys/k/incr?by=" + by + "&ttl=5");
    EXPECT_EQ(reply.status, 409);
    EXPECT_EQ(problem_of(reply), "overflow");
    const ReceivedReply got = ask("GET /v1/keys/k");
    EXPECT_EQ(got.body, value);
    EXPECT_EQ(got.field("Cache-Control"), std::nullopt);
    const ReceivedReply made = ask("POST /v1/keys/l/incr?initial=" + value + "&by=" + by);
    EXPECT_EQ(problem_of(made), "overflow");
    EXPECT_EQ(value_of("l"), std::nullopt);
  }
}

TEST_F(KeyCountersTest, AreNoOtherValues) {
  for (const std::string& value : {""s,
                                   " "s,
                                   "-"s,
                                   "+1"s,
                                   "-0"s,
                                   "00"s,
                                   "01"s,
                                   "-01"s,
                                   " 1"s,
                                   "1 "s,
                                   "1\n"s,
                                   "1\0"s,
                                   "1.0"s,
                                   "1e3"s,
                                   "0x1"s,
                                   "1,000"s,
                                   "one"s,
                                   "\xFF"s,
                                   "--1"s,
                                   "9223372036854775808"s,
                                   "-9223372036854775809"s,
                                   "18446744073709551616"s,
                                   "10000000000000000000"s,
                                   "99999999999999999999"s,
                                   "-99999999999999999999"s,
                                   "100000000000000000000"s,
                                   std::string(5000, '1'),
                                   std::string(300'000, '0')}) {
    world_.cache.clear();
    store("k", value);
    const ReceivedReply reply = ask("POST /v1/keys/k/incr?by=0&initial=7&ttl=5");
    EXPECT_EQ(reply.status, 409) << value.substr(0, 30);
    EXPECT_EQ(problem_of(reply), "not-a-number") << value.substr(0, 30);
    const ReceivedReply got = ask("GET /v1/keys/k");
    EXPECT_TRUE(got.body == value) << value.substr(0, 30);
    EXPECT_EQ(got.field("Cache-Control"), std::nullopt);
  }
}

TEST_F(KeyCountersTest, WhatIsEncodedIsNoNumber) {
  ASSERT_EQ(ask({"PUT /v1/keys/k", "Content-Encoding: gzip\r\n", "1"}).status, 201);
  EXPECT_EQ(problem_of(ask("POST /v1/keys/k/incr")), "not-a-number");
  EXPECT_EQ(ask("GET /v1/keys/k").field("Content-Encoding"), "gzip");
}

TEST_F(KeyCountersTest, KeepTheirType) {
  for (const std::string& type :
       {std::string(kBytes), "application/json"s, std::string(255, 't')}) {
    world_.cache.clear();
    store("k", "41", type);
    const ReceivedReply reply = ask("POST /v1/keys/k/incr");
    EXPECT_EQ(reply.body, "42");
    EXPECT_EQ(reply.field("ETag"), tag_of("42", type));
    const ReceivedReply got = ask("GET /v1/keys/k");
    EXPECT_EQ(got.field("Content-Type"), type);
    EXPECT_EQ(got.field("ETag"), tag_of("42", type));
    EXPECT_EQ(ask("GET /get?key=k").body, R"({"status":"OK","key":"k","value":"42"})");
  }
}

TEST_F(KeyCountersTest, MayComeFromTheOtherFace) {
  ASSERT_EQ(ask({"POST /put", "", put_body("k", "41")}).status, 200);
  EXPECT_EQ(ask("POST /v1/keys/k/incr").field("ETag"), tag_of("42", kText));
  EXPECT_EQ(ask("GET /get?key=k").body, R"({"status":"OK","key":"k","value":"42"})");
}

TEST_F(KeyCountersTest, CountUnderConditions) {
  std::string tag = *ask(Asked{"POST /v1/keys/k/incr", "If-None-Match: *\r\n"}).field("ETag");
  EXPECT_EQ(ask(Asked{"POST /v1/keys/k/incr", "If-None-Match: *\r\n"}).status, 412);
  for (int i = 2; i < 20; ++i) {
    const Asked next{"POST /v1/keys/k/incr", "If-Match: " + tag + "\r\n"};
    const ReceivedReply reply = ask(next);
    ASSERT_EQ(reply.body, std::to_string(i));
    ASSERT_EQ(ask(next).status, 412);
    tag = *reply.field("ETag");
  }
}

}  // namespace
}  // namespace cubby::test
