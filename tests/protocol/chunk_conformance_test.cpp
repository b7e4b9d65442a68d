// Chunked bodies, rule by rule: RFC 9112, section 7.1, and RFC 9110, section 6.5.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/conformance.hpp"

namespace cubby::test {
namespace {

using namespace std::string_literals;

const std::string kJson = R"({"key":"k","value":"v"})";  // 23 bytes, 0x17

std::string chunked(const std::string& body) {
  return "POST /put HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body;
}
// With the rest of a body behind the first line, which begins a chunk of 0x17 bytes.
std::string with_size(const std::string& line) {
  return chunked(line + "\r\n" + kJson + "\r\n0\r\n\r\n");
}
std::string with_trailer(const std::string& lines) {
  return chunked("17\r\n" + kJson + "\r\n0\r\n" + lines + "\r\n");
}

// RFC 9112, section 7.1.
TEST(ChunkConformanceTest, SizeIsHex) {
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
TEST(ChunkConformanceTest, ExtensionsAreReadAndIgnored) {
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

TEST(ChunkConformanceTest, EndsInCrLf) {
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
        chunked("17\r\n" + kJson + "\r\n0\r\n" + "POST /put \r\n")}},
      {"400 open", {chunked(end), chunked("2\r\n[]\r\n" + end)}},
  });
}

// RFC 9112, section 7.1.2, and RFC 9110, section 6.5.
TEST(ChunkConformanceTest, TrailersAreReadAndDropped) {
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

}  // namespace
}  // namespace cubby::test
