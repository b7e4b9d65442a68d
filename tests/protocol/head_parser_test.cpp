#include "protocol/head_parser.hpp"

#include <string>

#include <gtest/gtest.h>

#include "protocol/head_memo.hpp"

namespace cubby::protocol {
namespace {

using Status = HeadResult::Status;

constexpr Limits kLimits{.max_target_bytes = 32, .max_header_bytes = 128, .max_header_fields = 4};

struct Parsed {
  HeadResult result;
  RequestHead head;

  bool operator==(const Parsed&) const = default;
};

Parsed parse_with(HeadMemo* memo, std::string_view input) {
  HeadParser parser;
  RequestHead head;
  const HeadResult result = parser.parse(input, kLimits, memo, head);
  return {result, head};
}

// The memo has the heads of all tests before.
Parsed parse(std::string_view input) {
  static HeadMemo memo;
  const Parsed parsed = parse_with(nullptr, input);
  EXPECT_EQ(parse_with(&memo, input), parsed);
  EXPECT_EQ(parse_with(&memo, input), parsed);
  return parsed;
}

// As parse(), but with one byte more at every call.
Parsed parse_by_bytes(std::string_view input) {
  HeadParser parser;
  RequestHead head;
  HeadResult result{Status::incomplete};
  for (std::size_t size = 1; size <= input.size(); ++size) {
    result = parser.parse(input.substr(0, size), kLimits, nullptr, head);
    if (result.status != Status::incomplete) break;
    EXPECT_TRUE(parser.begun());
  }
  EXPECT_EQ(parser.begun(), result.status == Status::incomplete);
  return {result, head};
}

Error refusal_of(const std::string& input) {
  const Parsed whole = parse(input);
  EXPECT_EQ(whole.result.status, Status::refused) << input;
  const Parsed pieces = parse_by_bytes(input);
  EXPECT_EQ(pieces.result.status, Status::refused) << input;
  EXPECT_EQ(pieces.result.error, whole.result.error) << input;
  return whole.result.error;
}

TEST(HeadParserTest, ReadsAWholeHead) {
  const std::string head =
      "POST /a/b?c=d?e HTTP/1.1\r\nhost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  const std::string with_body = head + "12345";
  for (const Parsed& parsed : {parse(with_body), parse_by_bytes(head)}) {
    EXPECT_EQ(parsed.result.status, Status::complete);
    EXPECT_EQ(parsed.result.size, head.size());
    EXPECT_EQ(parsed.head.method, Method::post);
    EXPECT_EQ(parsed.head.target.path, "/a/b");
    EXPECT_EQ(parsed.head.target.query, "c=d?e");
    EXPECT_EQ(parsed.head.content_length, 5U);
    EXPECT_TRUE(parsed.head.has_body());
    EXPECT_FALSE(parsed.head.chunked);
    EXPECT_FALSE(parsed.head.http_1_0);
    EXPECT_TRUE(parsed.head.keep_alive);
    EXPECT_EQ(parsed.head.expectation, Expectation::continue_100);
  }
}

TEST(HeadParserTest, KnowsWhetherToKeepTheConnection) {
  const struct {
    const char* version;
    const char* fields;
    bool keep_alive;
  } cases[] = {
      {"1.1", "", true},
      {"1.1", "Connection: close\r\n", false},
      {"1.1", "Connection: keep-alive\r\n", true},
      {"1.1", "Connection: x, ClosE\r\n", false},
      {"1.1", "Connection: closed\r\n", true},
      {"1.1", "Connection: keep-alive\r\nConnection: close\r\n", false},
      {"1.0", "", false},
      {"1.0", "Connection: Keep-Alive\r\n", true},
      {"1.0", "Connection: keep-alive, close\r\n", false},
  };
  for (const auto& [version, fields, keep_alive] : cases) {
    const Parsed parsed =
        parse("GET / HTTP/" + std::string(version) + "\r\nHost: a\r\n" + fields + "\r\n");
    EXPECT_EQ(parsed.result.status, Status::complete) << fields;
    EXPECT_EQ(parsed.head.keep_alive, keep_alive) << version << " " << fields;
  }
}

TEST(HeadParserTest, ReadsExpectations) {
  const struct {
    const char* fields;
    Expectation expectation;
  } cases[] = {
      {"", Expectation::none},
      {"Expect:\r\n", Expectation::none},
      {"Expect: 100-Continue\r\n", Expectation::continue_100},
      {"Expect: 100-continue, ,100-continue\r\n", Expectation::continue_100},
      {"Expect: 100-continue=1\r\n", Expectation::unknown},
      {"Expect: 101\r\n", Expectation::unknown},
      {"Expect: x\r\nExpect: 100-continue\r\n", Expectation::unknown},
  };
  for (const auto& [fields, expectation] : cases) {
    const Parsed parsed = parse("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n");
    EXPECT_EQ(parsed.head.expectation, expectation) << fields;
  }
}

TEST(HeadParserTest, RefusesAsSoonAsALineIsWhole) {
  const struct {
    const char* input;
    Error error;
  } cases[] = {
      {"GET / HTTP/2.0\r\n", Error::bad_version},
      {"GET /\r\n", Error::bad_request_line},
      {"GET / HTTP/1.1\n", Error::bad_request_line},
      {"GET /\n", Error::bad_request_line},
      {"GET\r\n", Error::bad_request_line},
      {"GET / H\r\n", Error::bad_request_line},
      {"GET / HTTP/2.0 \r\n", Error::bad_request_line},
      {"(/ HTTP/2.0\r\n", Error::bad_request_line},
      {"\n", Error::bad_request_line},
      {"GET x HTTP/1.1\r\n", Error::bad_target},
      {"GET /# HTTP/1.1\r\n", Error::bad_target},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\nX:\r\n", Error::bad_host},
      {"GET / HTTP/1.1\r\n Host: a\r\n", Error::bad_field},
      {"GET / HTTP/1.1\r\nX: a\r\n b\r\nY: \r\n", Error::folded_field},
      {"GET / HTTP/1.1\r\nX:\r\n b\r\nY: \r\n", Error::folded_field},
      {"GET / HTTP/1.1\r\n\r\n", Error::bad_host},
      {"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", Error::bad_transfer_encoding},
  };
  for (const auto& [input, error] : cases) {
    EXPECT_EQ(refusal_of(input), error) << input;
    EXPECT_EQ(refusal_of(std::string(input) + "\r\nX: \x01\r\n\r\n"), error) << input;
  }
}

TEST(HeadParserTest, WaitsForTheEndOfALine) {
  for (const char* input : {"\x16", "GET / HTTP/2.0", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n",
                            "GET / HTTP/1.1\r\nX: \x01", "GET / HTTP/1.1\r\nHost: a\r\n\r"}) {
    EXPECT_EQ(parse(input).result.status, Status::incomplete) << input;
    EXPECT_EQ(parse_by_bytes(input).result.status, Status::incomplete) << input;
  }
}

TEST(HeadParserTest, KeepsTheLimits) {
  const auto target = [](std::size_t size) {
    return "GET /" + std::string(size - 1, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  EXPECT_EQ(parse(target(32)).result.status, Status::complete);
  EXPECT_EQ(refusal_of(target(33)), Error::target_too_long);
  EXPECT_EQ(refusal_of(target(500)), Error::target_too_long);
  EXPECT_EQ(refusal_of(std::string(500, 'x')), Error::bad_request_line);
  EXPECT_EQ(refusal_of("GET / " + std::string(500, 'x')), Error::bad_request_line);

  const auto sized = [](std::size_t size) {
    const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    return head + std::string(size - head.size() - 4, 'x') + "\r\n\r\n";
  };
  EXPECT_EQ(parse(sized(128)).result.status, Status::complete);
  EXPECT_EQ(parse_by_bytes(sized(128)).result.status, Status::complete);
  EXPECT_EQ(refusal_of(sized(129)), Error::head_too_large);
  EXPECT_EQ(refusal_of(sized(500)), Error::head_too_large);

  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(parse(start + "A:\r\nB:\r\nC:\r\n\r\n").result.status, Status::complete);
  EXPECT_EQ(refusal_of(start + "A:\r\nB:\r\nC:\r\nD:\r\n\r\n"), Error::head_too_large);
}

TEST(HeadParserTest, KnowsTheMethodOfARefusedHead) {
  EXPECT_EQ(parse("HEAD / HTTP/1.1\r\n\r\n").head.method, Method::head);
}

}  // namespace
}  // namespace cubby::protocol
