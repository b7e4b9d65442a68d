#include "protocol/head_memo.hpp"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/head_parser.hpp"

namespace cubby::protocol {
namespace {

using namespace std::string_literals;

using Status = HeadResult::Status;

constexpr Limits kLimits{.max_target_bytes = 32, .max_header_bytes = 200, .max_header_fields = 4};

class HeadMemoTest : public testing::Test {
 protected:
  HeadResult parse(std::string_view input, const Limits& limits = kLimits) {
    HeadParser parser;
    return parser.parse(input, limits, &memo_, head_);
  }

  bool recalls(std::string_view input, const Limits& limits = kLimits) {
    return memo_.recall(input, limits, head_) > 0;
  }

  HeadMemo memo_;
  RequestHead head_;
};

TEST_F(HeadMemoTest, RecallsAllButTheTarget) {
  const std::string rest =
      " HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n";
  EXPECT_FALSE(recalls("PUT /a" + rest));
  parse("PUT /a" + rest);
  const std::string other = "PUT /bcd?e" + rest;
  const std::string with_body = other + "12345";
  EXPECT_EQ(memo_.recall(with_body, kLimits, head_), other.size());
  EXPECT_EQ(head_.method, Method::put);
  EXPECT_EQ(head_.target.path, "/bcd");
  EXPECT_EQ(head_.target.query, "e");
  EXPECT_EQ(head_.content_length, 5U);
  EXPECT_TRUE(head_.http_1_0);
  EXPECT_TRUE(head_.keep_alive);
}

// A head whose first piece was looked at before is not recalled, and read again each time.
TEST_F(HeadMemoTest, AHeadThatComesInPiecesIsKeptOnce) {
  const std::string put = "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
  parse(put);
  const std::string get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
  for (std::size_t i = 0; i < 2 * HeadMemo::kHeads; ++i) {
    HeadParser parser;
    ASSERT_EQ(parser.parse(std::string_view(get).substr(0, 20), kLimits, &memo_, head_).status,
              Status::incomplete);
    ASSERT_EQ(parser.parse(get, kLimits, &memo_, head_).status, Status::complete);
  }
  EXPECT_TRUE(recalls(get));
  EXPECT_TRUE(recalls(put));
}

TEST_F(HeadMemoTest, RecallsNothingElse) {
  const std::string rest = " HTTP/1.1\r\nHost: a\r\n\r\n";
  parse("GET /a" + rest);
  ASSERT_TRUE(recalls("GET /b" + rest));
  for (const std::string& other : {"GET /b HTTP/1.1\r\nHost: b\r\n\r\n"s,
                                   "GET /b HTTP/1.0\r\nHost: a\r\n\r\n"s,
                                   "GET /b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"s,
                                   "HEAD /b" + rest,
                                   "get /b" + rest,
                                   "GETT /b" + rest,
                                   "GET\0 /b"s + rest,
                                   "GET\0\0\0\0 /b"s + rest,
                                   " GET /b" + rest,
                                   "GET  /b" + rest,
                                   "GET\t/b" + rest,
                                   "GET b" + rest,
                                   "GET http://a/b" + rest,
                                   "GET *" + rest,
                                   "GET /b#" + rest,
                                   "GET /b\x80" + rest,
                                   "GET /b " + rest,
                                   "GET /" + std::string(32, 'b') + rest,
                                   "GET /b HTTP/1.1\r\nHost: a\r\n"s,
                                   "GET /b HTTP/1.1\r\nHost: a\r\n\r"s,
                                   "GET /b"s,
                                   "GET "s,
                                   "GET"s,
                                   ""s}) {
    EXPECT_FALSE(recalls(other)) << other;
  }
}

TEST_F(HeadMemoTest, KeepsOnlyWhatFollowsFromTheBytes) {
  const std::string rest = " HTTP/1.1\r\nHost: a\r\n\r\n";
  // No path was read from the first of these, and what is not in origin-form has more rules.
  for (const std::string& first :
       {"CONNECT /a"s, "OPTIONS *"s, "GET http://a/b"s, "BASELINE /a"s}) {
    parse(first + rest);
    EXPECT_FALSE(recalls(first + rest)) << first;
  }
  for (const std::string& refused : {"GET /a HTTP/1.1\r\n\r\n"s, "GET /a#"s + rest}) {
    parse(refused);
    EXPECT_FALSE(recalls(refused)) << refused;
  }
  const std::string begin = "GET /a HTTP/1.1\r\nHost: a\r\nX: ";
  const std::size_t most = 6 + HeadMemo::kMaxTailBytes;  // behind "GET /a"
  const std::string fits = begin + std::string(most - begin.size() - 4, 'x') + "\r\n\r\n";
  const std::string too_long = begin + std::string(most - begin.size() - 3, 'x') + "\r\n\r\n";
  for (const std::string& head : {fits, too_long}) {
    EXPECT_EQ(parse(head, {}).status, Status::complete);
  }
  EXPECT_TRUE(recalls(fits, {}));
  EXPECT_FALSE(recalls(too_long, {}));
}

TEST_F(HeadMemoTest, ForgetsTheHeadThatWasUsedLeastRecently) {
  const auto head = [](std::size_t i) {
    return "GET / HTTP/1.1\r\nHost: " + std::to_string(i) + "\r\n\r\n";
  };
  for (std::size_t i = 0; i < HeadMemo::kHeads; ++i) parse(head(i));
  EXPECT_TRUE(recalls(head(0)));
  parse(head(HeadMemo::kHeads));
  EXPECT_FALSE(recalls(head(1)));
  EXPECT_TRUE(recalls(head(0)));
  for (std::size_t i = 2; i <= HeadMemo::kHeads; ++i) EXPECT_TRUE(recalls(head(i))) << i;
}

TEST_F(HeadMemoTest, KeepsTheLimitOfTheWholeHead) {
  const std::string rest = " HTTP/1.1\r\nHost: a\r\nX: " + std::string(140, 'x') + "\r\n\r\n";
  const std::size_t room = kLimits.max_header_bytes - rest.size() - std::string("GET /").size();
  const auto sized = [&](std::size_t size) { return "GET /" + std::string(size, 'x') + rest; };
  ASSERT_LT(room, kLimits.max_target_bytes - 1);
  parse(sized(1));
  EXPECT_TRUE(recalls(sized(room)));
  EXPECT_FALSE(recalls(sized(room + 1)));
  EXPECT_EQ(parse(sized(room + 1)).error, Error::head_too_large);
}

// Heads that are made of the same few parts, and mostly of the first ones, so that many are like
// one that came before, or nearly.
TEST_F(HeadMemoTest, MakesNoDifferenceToWhatIsRead) {
  const std::vector<std::vector<std::string>> parts{
      {"GET", "HEAD", "POST", "OPTIONS", "CONNECT", "FOO", "get", "GET\0"s, ""},
      {" ", " ", " ", " ", "  ", "\t"},
      {"/", "/get?key=a", "/a%20b?c+d&e", "/?", "/x?y?z", "*", "http://a/b?c", "x", "/\"",
       "/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "/#", ""},
      {" HTTP/1.1\r\n", " HTTP/1.1\r\n", " HTTP/1.0\r\n", " HTTP/1.2\r\n", "\r\n"},
      {"Host: a\r\n", "Host: a\r\n", "Host: a\r\n", "Host: b\r\n", "", "Host: a\r\nHost: a\r\n"},
      {"", "", "Content-Length: 5\r\n", "Content-Length: 6\r\n", "Expect: 100-continue\r\n",
       "Transfer-Encoding: chunked\r\n", "Connection: close\r\n", "Content-Encoding: gzip\r\n",
       " folded\r\n", "A:\r\nB:\r\nC:\r\n", "A:\r\nB:\r\nC:\r\nD:\r\n",
       "X: " + std::string(130, 'x') + "\r\n"},
      {"\r\n", "\r\n", "\r\n", "", "\r"},
      {"", "12345", "GET / HTTP/1.1\r\n"},
  };
  std::mt19937 random(1);
  int recalled = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string input;
    for (const auto& choice : parts) {
      input += choice[random() % 3 == 0 ? random() % choice.size() : 0];
    }
    HeadParser parser;
    RequestHead anew;
    const HeadResult result = parser.parse(input, kLimits, nullptr, anew);
    if (recalls(input)) ++recalled;
    EXPECT_EQ(parse(input), result) << input;
    if (result.status == Status::complete) {
      EXPECT_EQ(head_, anew) << input;
    }
  }
  EXPECT_GT(recalled, 1000);
}

}  // namespace
}  // namespace cubby::protocol
