// Where a message ends, rule by rule: RFC 9112, sections 6 and 7, and RFC 9110, section 8.6.

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
// With the rest of a body behind the first line, which begins a chunk of 0x17 bytes.
std::string with_size(const std::string& line) {
  return chunked(line + "\r\n" + kJson + "\r\n0\r\n\r\n");
}
std::string with_trailer(const std::string& lines) {
  return chunked("17\r\n" + kJson + "\r\n0\r\n" + lines + "\r\n");
}

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
                            "\xEF\xBB\xBF"
                            "chunked",
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

// RFC 9112, section 7.1.
TEST(FramingConformanceTest, ChunkSizeIsHex) {
  std::vector<std::string> malformed;
  for (const char* line : {"",
                           " 17",
                           "\t17",
                           "17 ",
                           "17\t",
                           "+17",
                           "-17",
                           "-1",
                           "0x17",
                           "0X17",
                           "17h",
                           "h17",
                           "1_7",
                           "1 7",
                           "1,7",
                           "17,",
                           "23.0",
                           "x",
                           "g",
                           "17g",
                           "\xEF\xBC\x91",
                           "17 17",
                           "17=",
                           "17\"a\"",
                           "17\v",
                           "\v17",
                           "17:",
                           "10000000000000017",
                           "ffffffffffffffff0",
                           "17\r",
                           "\r17",
                           "\n17",
                           "17\n",
                           "\r\n17",
                           "17 a",
                           "17 a=b"}) {
    malformed.push_back(with_size(line));
  }
  malformed.push_back(with_size("17\0"s));
  malformed.push_back(
      with_size("\0"
                "17"s));
  for (const char c : all_bytes_but("0123456789abcdefABCDEF;\r")) {
    malformed.push_back(with_size("17"s + c));
    malformed.push_back(with_size(c + "17"s));
  }
  expect_verdicts({
      {"200 open",
       {with_size("17"), with_size("017"), with_size("0000000000000000000000000000000017"),
        with_size(std::string(16000, '0') + "17"),
        chunked("1\r\n{\r\n16\r\n" + kJson.substr(1) + "\r\n0\r\n\r\n"),
        chunked("a\r\n" + kJson.substr(0, 10) + "\r\nD\r\n" + kJson.substr(10) +
                "\r\n000\r\n\r\n")}},
      {"400 closed", malformed},
      {"400 closed", {with_size(std::string(17000, '0') + "17")}},
      {"413 closed",
       {with_size("ffffffffffffffff"), with_size("7fffffffffffffff"), with_size("7fffffff"),
        with_size("100000017")}},
  });
}

// RFC 9112, section 7.1.1.
TEST(FramingConformanceTest, ExtensionsAreReadAndIgnored) {
  std::vector<std::string> fine;
  for (const char* extension :
       {";a", ";a=b", ";a=\"b\"", ";a=\"\"", ";a;b;c=d", ";a=\"\\\"\\\\\"", ";a=\";\"", " ;a",
        "; a", "\t;\ta", ";a ;b", ";a= b", ";a =b", ";a=\"b\" ;c", ";a=\"\xFF\"", ";17", ";a=17"}) {
    fine.push_back(with_size("17"s + extension));
  }
  fine.push_back(with_size("17;" + std::string(16000, 'a')));
  std::vector<std::string> malformed;
  for (const char* extension :
       {";",           "; ",        ";;",        ";a;",     ";a;;b",       ";=b",
        ";a=",         ";a= ",      ";a==b",     ";a=b c",  ";a b",        ";a=\"b",
        ";a=b\"",      ";a=\"b\"c", ";a=\"\\",   ";bad[=x", ";a=[b]",      ";a@b",
        ";a=b@c",      ";a\rX",     ";a\nX",     ";\n",     ";a=\"b\rc\"", ";a=\"b\nc\"",
        ";a=\"\x01\"", ";a=\x7F",   ";\xC3\xA9", ";a\r\r",  "x;b",         ";a=\"\\\x01\"",
        ";a/b",        ";a:b",      ";a=b,c"}) {
    malformed.push_back(with_size("17"s + extension));
  }
  malformed.push_back(with_size("17;\0a"s));
  malformed.push_back(with_size("17;a=\"\0\""s));
  malformed.push_back(with_size("17;" + std::string(65536, 'a')));
  malformed.push_back(with_size("17;" + std::string(16385, 'a')));
  expect_verdicts({{"200 open", fine}, {"400 closed", malformed}});
}

TEST(FramingConformanceTest, ChunkEndsInCrLf) {
  const std::string end = "0\r\n\r\n";
  expect_verdicts({
      {"400 closed",
       {chunked("17\n" + kJson + "\r\n" + end),
        chunked("17\r" + kJson + "\r\n" + end),
        chunked("17\r\r\n" + kJson + "\r\n" + end),
        chunked("17\r\n" + kJson + end),
        chunked("17\r\n" + kJson + "\n" + end),
        chunked("17\r\n" + kJson + "\r" + end),
        chunked("17\r\n" + kJson + "\n\r" + end),
        chunked("17\r\n" + kJson + "!!\r\n" + end),
        chunked("17\r\n" + kJson + " \r\n" + end),
        chunked("17\r\n" + kJson + "\r\n\r\n" + end),
        chunked("16\r\n" + kJson + "\r\n" + end),
        chunked("18\r\n" + kJson + "\r\n" + end),
        chunked("17\r\n" + kJson + "\r\n0\n\r\n"),
        chunked("17\r\n" + kJson + "\r\n0\r\n\n"),
        chunked("17\r\n" + kJson + "\r\n0\r\r\n\r\n"),
        chunked("17\r\n" + kJson + "\r\n0\r\n\r\r\n"),
        chunked("17\r\n" + kJson + "\r\n\r\n"),
        chunked("0\r\nX\r\n"),
        chunked("5\r\nhello\r\nPOST"),
        chunked("17\r\n" + kJson + "\r\n0\r\n" + std::string(kSmuggled).substr(0, 10) + "\r\n")}},
      {"400 open", {chunked(end), chunked("2\r\n[]\r\n" + end)}},
  });
}

// RFC 9112, section 7.1.2, and RFC 9110, section 6.5.
TEST(FramingConformanceTest, TrailersAreReadAndDropped) {
  std::string fields;
  for (int i = 0; i < 100; ++i) fields += "X: y\r\n";
  std::vector<std::string> malformed;
  for (const char* name : {"Content-Length", "content-length", "CONTENT-LENGTH",
                           "Transfer-Encoding", "transfer-encoding", "Host", "hOST"}) {
    malformed.push_back(with_trailer(name + ": 5\r\n"s));
    malformed.push_back(with_trailer("X: y\r\n"s + name + ":\r\n"));
  }
  for (const char* lines :
       {"X\r\n", ": a\r\n", "X : a\r\n", "X\t: a\r\n", " X: a\r\n", "\tX: a\r\n", "X: a\r\n b\r\n",
        "X: a\n", "X: a\r", "X: a\rb\r\n", "X: a\nb\r\n", "X: \x01\r\n", "X: \x7F\r\n",
        "X Y: a\r\n", "X\x01: a\r\n", "\xC3\xA9: a\r\n", "X[]: a\r\n", "X: a\r\n:\r\n"}) {
    malformed.push_back(with_trailer(lines));
  }
  malformed.push_back(with_trailer("X: \0\r\n"s));
  malformed.push_back(with_trailer("X\0: a\r\n"s));
  malformed.push_back(with_trailer(fields + "X: y\r\n"));
  malformed.push_back(with_trailer("X: " + std::string(16384, 'y') + "\r\n"));
  malformed.push_back(with_trailer(std::string(16385, 'x') + ": y\r\n"));
  expect_verdicts({
      {"200 open",
       {with_trailer(""), with_trailer("X-Checksum: abc\r\n"), with_trailer("X:\r\n"),
        with_trailer("Vary: *\r\nContent-Type: text/plain\r\n"), with_trailer("X: \t a b \t\r\n"),
        with_trailer("X: \xFF\r\n"), with_trailer(fields), with_trailer("Connection: close\r\n"),
        with_trailer("Hos: a\r\nHosts: b\r\nContent-Lengths: 5\r\nTransfer-Encodin: x\r\nH: c\r\n"),
        with_trailer("X-Host: a\r\nContent_Length: 5\r\n"),
        with_trailer("X: " + std::string(16000, 'y') + "\r\n")}},
      {"400 closed", malformed},
  });
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
