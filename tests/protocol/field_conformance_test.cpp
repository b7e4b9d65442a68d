// Header fields, rule by rule: RFC 9112, section 5, and RFC 9110, sections 5, 7.6, 7.8 and 10.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/conformance.hpp"

namespace cubby::test {
namespace {

using namespace std::string_literals;

constexpr std::string_view kTokenBytes =
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

// A request with these lines behind Host, each with its line end.
std::string with_fields(const std::string& lines) {
  return "GET /health HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n";
}
std::string with_host_lines(const std::string& lines) {
  return "GET /health HTTP/1.1\r\n" + lines + "\r\n";
}
std::string repeat(const std::string& text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

// RFC 9110, section 5.1, and RFC 9112, sections 5 and 5.1.
TEST(FieldConformanceTest, NameIsATokenUpToTheColon) {
  std::vector<std::string> malformed = {
      with_fields("X-Test : a\r\n"),
      with_fields("X-Test\t: a\r\n"),
      with_fields("X Test: a\r\n"),
      with_fields(": a\r\n"),
      with_fields(":\r\n"),
      with_fields("X-Test\r\n"),
      with_fields("X-Test a\r\n"),
      with_fields("X-Test=a\r\n"),
      with_fields(" X-Test: a\r\n"),
      with_fields("\tX-Test: a\r\n"),
      with_fields("X-Test\r\n: a\r\n"),
      with_fields("X-Test\r\n : a\r\n"),
      with_fields("X-T\xC3\xABst: a\r\n"),
      with_fields("X\r: a\r\n"),
      with_fields("Content-Length : 0\r\n"),
      with_fields("Transfer-Encoding : chunked\r\n"),
      with_fields("Content\rLength: 3\r\n"),
      with_fields("GET /put HTTP/1.1\r\n"),
      with_host_lines(" Host: a\r\n"),
      with_host_lines("\tHost: a\r\n"),
      with_host_lines(" \r\nHost: a\r\n"),
      with_host_lines("Host : a\r\n"),
      with_host_lines("\"Host\": a\r\n"),
  };
  for (const char c : all_bytes_but(std::string(kTokenBytes) + ':')) {
    malformed.push_back(with_fields("X"s + c + "Y: a\r\n"));
    malformed.push_back(with_fields(c + "Y: a\r\n"s));
    malformed.push_back(with_fields("X"s + c + ": a\r\n"));
  }
  std::vector<std::string> fine = {
      with_fields("X::\r\n"),
      with_fields("X:a: b\r\n"),
      with_fields(std::string(4000, 'x') + ": a\r\n"),
      // These are other fields than they look like.
      with_fields("Content_Length: 50\r\n"),
      with_fields("Transfer_Encoding: chunked\r\n"),
      with_fields("X-Content-Length: 50\r\n"),
      with_fields("Content-Lengt: 50\r\n"),
      with_fields("Content-Length2: x\r\n"),
  };
  for (const char c : kTokenBytes) fine.push_back(with_fields(c + ": a\r\n"s));
  expect_verdicts({{"400 closed", malformed}, {"200 open", fine}});
}

// RFC 9110, section 5.5: text, spaces and tabs, and nothing that a terminal or a C string minds.
TEST(FieldConformanceTest, ValueHasNoControlCharacters) {
  std::vector<std::string> fine = {
      with_fields("X:\r\n"),
      with_fields("X: \r\n"),
      with_fields("X:\t\r\n"),
      with_fields("X:a\r\n"),
      with_fields("X: \t a \t b \t \r\n"),
      with_fields("X: D\xC3\xBCsseldorf \xFF\x80\r\n"),
      with_fields("X: \"\\,;=:()<>@[]{}?/\r\n"),
      with_fields("X: " + std::string(15000, 'x') + "\r\n"),
  };
  std::vector<std::string> malformed;
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool is_control = (byte < 0x20 && byte != '\t') || byte == 0x7F;
    for (const std::string& value : {"a"s + c + "b", c + "a"s, "a"s + c, std::string(1, c)}) {
      (is_control ? malformed : fine).push_back(with_fields("X: " + value + "\r\n"));
    }
  }
  expect_verdicts({{"200 open", fine}, {"400 closed", malformed}});
}

// RFC 9112, section 5.2.
TEST(FieldConformanceTest, LinesAreNotFolded) {
  std::vector<std::string> malformed;
  for (const char* fold : {" ", "\t", "  ", " \t "}) {
    for (const char* rest : {"b", "", "b: c"}) {
      const std::string line = std::string(fold).append(rest).append("\r\n");
      malformed.push_back(with_fields("X: a\r\n" + line));
      malformed.push_back(with_fields("X:\r\n" + line));
      malformed.push_back(with_fields("X: \r\n" + line));
      malformed.push_back(with_fields("X: a\r\n" + line + line));
      malformed.push_back(with_fields("X: a\r\nY: b\r\n" + line));
      malformed.push_back(with_host_lines(line + "Host: a\r\n"));
      malformed.push_back(with_host_lines("Host:\r\n" + line));
      malformed.push_back(with_host_lines("Host: a\r\n" + line));
    }
  }
  for (const char* lines :
       {"Content-Length:\r\n 5\r\n", "Content-Length: 5\r\n 0\r\n", "Connection:\r\n close\r\n",
        "Transfer-Encoding:\r\n chunked\r\n", "Transfer-Encoding: chunked\r\n , identity\r\n",
        "Transfer-Encoding\r\n : chunked\r\n", "X: a\n b\r\n", "X: a\r b\r\n"}) {
    malformed.push_back(with_fields(lines));
  }
  expect_verdicts({{"400 closed", malformed}});
}

// RFC 9110, section 5.4: more than the server takes.
TEST(FieldConformanceTest, HeadHasALimit) {
  const std::size_t rest = with_fields("X: \r\n").size();
  expect_verdicts({
      {"200 open",
       {with_fields("X: " + std::string(16384 - rest, 'x') + "\r\n"),
        with_fields(repeat("X: y\r\n", 99)), with_fields(repeat("X:\r\n", 99))}},
      {"431 closed",
       {with_fields("X: " + std::string(16385 - rest, 'x') + "\r\n"),
        with_fields("X: " + std::string(100000, 'x') + "\r\n"),
        with_fields(std::string(100000, 'x') + ": y\r\n"), with_fields(repeat("X: y\r\n", 100)),
        with_fields(repeat("X: y\r\n", 10000))}},
  });
}

// RFC 9110, section 7.6.1, and RFC 9112, section 9.3.
TEST(FieldConformanceTest, ConnectionOptionsAreHonoured) {
  const auto in_1_0 = [](const std::string& lines) {
    return "GET /health HTTP/1.0\r\n" + lines + "\r\n";
  };
  expect_verdicts({
      {"200 open",
       {with_fields("Connection: keep-alive\r\n"), with_fields("Connection:\r\n"),
        with_fields("Connection: ,\r\n"), with_fields("Connection: closed\r\n"),
        with_fields("Connection: not-close\r\n"), with_fields("X: close\r\n"),
        with_fields("Keep-Alive: timeout=5\r\n"), with_fields("Proxy-Connection: close\r\n"),
        with_fields("Connection: content-length, host\r\nContent-Length: 0\r\n"),
        in_1_0("Connection: keep-alive\r\n"), in_1_0("Connection: a, Keep-Alive\r\n")}},
      {"200 closed",
       {with_fields("Connection: close\r\n"), with_fields("connection: CLOSE\r\n"),
        with_fields("Connection: close, keep-alive\r\n"),
        with_fields("Connection:keep-alive,close\r\n"),
        with_fields("Connection: a\r\nConnection: close\r\n"),
        with_fields("Connection: close\r\nConnection: keep-alive\r\n"),
        with_fields("Connection: , ,\tclose ,\r\n"), in_1_0(""), in_1_0("Connection: close\r\n"),
        in_1_0("Connection: keep-alive, close\r\n"), in_1_0("Keep-Alive: 5\r\n")}},
  });
}

// RFC 9110, section 7.8: a server may ignore it, and always ignores it in HTTP/1.0.
TEST(FieldConformanceTest, UpgradesAreIgnored) {
  expect_verdicts({
      {"200 open",
       {with_fields("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
        with_fields(
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAA\r\n"),
        with_fields("Upgrade: h2c\r\n"), with_fields("Connection: upgrade\r\nUpgrade: x/1.0\r\n"),
        with_fields("TE: trailers, deflate;q=0.5\r\nConnection: TE\r\n")}},
      {"200 closed", {"GET /health HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"}},
  });
}

// RFC 9110, section 10.1.1.
TEST(FieldConformanceTest, ExpectationsAreMetOrRefused) {
  const auto put = [](const std::string& lines, const std::string& body) {
    return "POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + lines + "\r\n" + body;
  };
  const std::string json = R"({"key":"k","value":"v"})";
  expect_verdicts({
      {"200 open",
       {put("Expect: 100-continue\r\n", json), put("expect:100-CONTINUE\r\n", json),
        put("Expect: 100-continue, 100-continue\r\n", json),
        put("Expect: 100-continue\r\nExpect: 100-continue\r\n", json), put("Expect:\r\n", json),
        with_fields("Expect: 100-continue\r\n")}},
      {"400 open", {put("Expect: 100-continue\r\n", "[]"), put("Expect: 100-continue\r\n", "")}},
      {"417 closed",
       {put("Expect: 200-ok\r\n", json), put("Expect: 100-continue, x\r\n", json),
        put("Expect: 100-continued\r\n", json), put("Expect: 100\r\n", json),
        put("Expect: 100-continue=1\r\n", json), with_fields("Expect: x\r\n")}},
      {"200 closed", {"GET /health HTTP/1.0\r\nExpect: x\r\n\r\n"}},
      {"404 closed",
       {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
        "\r\n{}"}},
  });
}

}  // namespace
}  // namespace cubby::test
