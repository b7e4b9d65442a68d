// Where a message ends, rule by rule: RFC 9112, section 6, and RFC 9110, section 8.6.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/conformance.hpp"

namespace cubby::test {
namespace {

using namespace std::string_literals;

const std::string kJson = R"({"key":"k","value":"v"})";  // 23 bytes, 0x17
constexpr std::string_view kSmuggled =
    "POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\n"
    R"({"key":"behind","value":"yes"})";

std::string put(const std::string& lines, const std::string& body) {
  return "POST /put HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n" + body;
}
std::string with_length(const std::string& value) {
  return put("Content-Length: " + value + "\r\n", kJson);
}
std::string with_coding(const std::string& value) {
  return put("Transfer-Encoding: " + value + "\r\n", "17\r\n" + kJson + "\r\n0\r\n\r\n");
}
std::string chunked(const std::string& body) { return put("Transfer-Encoding: chunked\r\n", body); }
// RFC 9110, section 8.6, and RFC 9112, section 6.3.
TEST(FramingConformanceTest, LengthIsOneNumber) {
  std::vector<std::string> malformed;
  for (const char* value : {"",
                            " ",
                            "+23",
                            "-23",
                            "-0",
                            "+0",
                            "0x17",
                            "0X17",
                            "17h",
                            "0o27",
                            "0b1",
                            "23.0",
                            "23.",
                            ".23",
                            "2 3",
                            "23 0",
                            "23, 23",
                            "23,23",
                            "23, 24",
                            "23,",
                            ",23",
                            "23;",
                            "23;a=b",
                            "23a",
                            "a23",
                            "\"23\"",
                            "'23'",
                            "2_3",
                            "2,3",
                            "1e1",
                            "23e0",
                            "NaN",
                            "Infinity",
                            "chunked",
                            "two",
                            "(23)",
                            "18446744073709551616",
                            "18446744073709551639",
                            "99999999999999999999",
                            "340282366920938463463374607431768211456",
                            "-18446744073709551593",
                            "23\v",
                            "\f23",
                            "\xEF\xBC\x92\xEF\xBC\x93",
                            "\xB2\xB3",
                            "23\xA0",
                            "%32%33",
                            "0 23",
                            "--23",
                            "23-",
                            "23+"}) {
    malformed.push_back(with_length(value));
  }
  malformed.push_back(with_length("23\0"s));
  malformed.push_back(with_length("\0"s));
  malformed.push_back(with_length(std::string(1000, '9')));
  expect_verdicts({
      {"200 open",
       {with_length("23"), with_length(" 23"), with_length("23 "), with_length("\t23\t"),
        put("CONTENT-LENGTH:23\r\n", kJson), with_length("023"),
        with_length(std::string(100, '0') + "23")}},
      {"400 closed", malformed},
      {"400 closed",
       {put("Content-Length: 23\r\nContent-Length: 23\r\n", kJson),
        put("Content-Length: 23\r\nContent-Length: 24\r\n", kJson),
        put("Content-Length: 24\r\ncontent-length: 23\r\n", kJson),
        put("Content-Length: 23\r\nX: y\r\nContent-Length:\r\n", kJson),
        put("Content-Length: 0\r\nContent-Length: 23\r\n", kJson),
        put("Content-Length: 23\r\nContent-Length: +23\r\n", kJson)}},
      {"413 closed",
       {with_length("99999999"), with_length("18446744073709551615"),
        with_length("9223372036854775808"), with_length("4294967319")}},
  });
}

// RFC 9112, section 6.3: what a request that does not say is taken for.
TEST(FramingConformanceTest, NoLengthIsNoBody) {
  expect_verdicts({
      {"400 open",
       {put("", ""), put("Content-Length: 0\r\n", ""), put("Content-Length: 00\r\n", "")}},
      // The body is the next request then, and the put behind is not.
      {"200 open", {"GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"}},
      {"waits",
       {put("Content-Length: 1000\r\n", ""), put("Content-Length: 1000\r\n", "hello"),
        chunked("1000\r\n"), chunked("100\r\n{")}},
  });
}

// RFC 9112, section 6.1. Chunked is all that there is; with anything else nobody knows the end.
TEST(FramingConformanceTest, CodingIsChunkedOnce) {
  std::vector<std::string> malformed;
  for (const char* value : {"",
                            " ",
                            "\t",
                            ",",
                            "chunked,",
                            ",chunked",
                            ", chunked",
                            "chunked, ",
                            "chunked, chunked",
                            "chunked,chunked",
                            "gzip",
                            "gzip, chunked",
                            "gzip,chunked",
                            "chunked, gzip",
                            "deflate",
                            "compress, chunked",
                            "identity",
                            "identity, chunked",
                            "chunked, identity",
                            "xchunked",
                            "chunkedx",
                            "chunke",
                            "chunkedchunked",
                            "x chunked",
                            "chunked x",
                            "chunked;",
                            "chunked;a=b",
                            "chunked; q=1",
                            "\"chunked\"",
                            "'chunked'",
                            "chunked\v",
                            "\vchunked",
                            "\fchunked",
                            "chunked\f",
                            "chunk\ted",
                            "chun ked",
                            "cow",
                            "pigeons",
                            "*",
                            "chunked\xA0",
                            "chunked/1.1",
                            "chunked:",
                            "[chunked]",
                            "%63hunked",
                            "trailers",
                            "23",
                            "chunked#",
                            "chunked=",
                            "\xC7\xA6hunked",
                            "chunKed\xE2\x84\xAA"}) {
    malformed.push_back(with_coding(value));
  }
  malformed.push_back(with_coding("\xEF\xBB\xBF" + "chunked"s));
  malformed.push_back(with_coding("chunked\0"s));
  malformed.push_back(with_coding("\0chunked"s));
  expect_verdicts({
      {"200 open",
       {with_coding("chunked"), with_coding("Chunked"), with_coding("CHUNKED"),
        with_coding(" \tchunked\t "),
        put("TRANSFER-ENCODING:chunked\r\n", "17\r\n" + kJson + "\r\n0\r\n\r\n")}},
      {"400 closed", malformed},
      {"400 closed",
       {put("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        put("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
        put("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        put("Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        put("Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n", "0\r\n\r\n"),
        put("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        put("X: a\r\nTransfer-Encoding: chunked\r\nTransfer-encoding: x\r\n", "0\r\n\r\n")}},
  });
}

// RFC 9112, sections 6.1 and 6.3: a message with both, in any order and spelling, is an attack.
TEST(FramingConformanceTest, LengthAndCodingExcludeEachOther) {
  std::vector<std::string> malformed;
  for (const char* length : {"0", "4", "5", "6", "23", "100", "+5", "x", "", "5, 5"}) {
    for (const char* coding : {"chunked", "Chunked ", "identity", "xchunked", "gzip", "",
                               "chunked\v", "chunked, chunked", ", chunked", "\"chunked\""}) {
      const std::string first = "Content-Length: "s + length + "\r\n";
      const std::string second = "Transfer-Encoding: "s + coding + "\r\n";
      for (const std::string& body : {"0\r\n\r\n"s, "0\r\n\r\n" + std::string(kSmuggled),
                                      "5\r\nhello\r\n0\r\n\r\n"s, "0\r\n\r\nX"s}) {
        malformed.push_back(put(first + second, body));
        malformed.push_back(put(second + first, body));
      }
    }
  }
  expect_verdicts({{"400 closed", malformed}});
}

TEST(FramingConformanceTest, CodingIsNotForHttp10) {
  std::vector<std::string> malformed;
  for (const char* lines : {"Transfer-Encoding: chunked\r\n", "Transfer-Encoding: identity\r\n",
                            "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n",
                            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"}) {
    malformed.push_back("POST /put HTTP/1.0\r\n"s + lines + "\r\n0\r\n\r\n");
  }
  expect_verdicts({{"400 closed", malformed}});
}

// RFC 9110, sections 9.3.1 to 9.3.8: a body has no meaning there, and is read away all the same.
TEST(FramingConformanceTest, EveryMethodMayHaveABody) {
  std::vector<Rule> rules;
  const struct {
    const char* line;
    const char* verdict;
  } cases[] = {{"GET /health", "200 open"},    {"HEAD /health", "200 open"},
               {"OPTIONS *", "200 open"},      {"OPTIONS /put", "200 open"},
               {"GET /get?key=k", "404 open"}, {"DELETE /get?key=k", "405 open"},
               {"TRACE /health", "405 open"},  {"PATCH /put", "405 open"},
               {"PUT /put", "405 open"},       {"GET /put", "405 open"},
               {"POST /nothing", "404 open"},  {"BREW /health", "501 open"},
               {"get /health", "501 open"}};
  for (const auto& [line, verdict] : cases) {
    const std::string head = line + " HTTP/1.1\r\nHost: a\r\n"s;
    const std::string length = "Content-Length: " + std::to_string(kSmuggled.size()) + "\r\n\r\n";
    const std::string coding = "Transfer-Encoding: chunked\r\n\r\n";
    rules.push_back({verdict,
                     {head + length + std::string(kSmuggled),
                      head + coding + "5\r\nhello\r\n0\r\n\r\n", head + coding + "0\r\n\r\n"}});
    rules.push_back({"400 closed", {head + coding + "5\r\nhello0\r\n\r\n"}});
  }
  // What follows CONNECT may be anything but HTTP (RFC 9110, section 9.3.6).
  rules.push_back(
      {"501 closed",
       {"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n",
        "CONNECT a:80 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "CONNECT /health HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT a:80 HTTP/1.0\r\n\r\n"}});
  expect_verdicts(rules);
}

}  // namespace
}  // namespace cubby::test
