// Request lines, rule by rule: RFC 9112, sections 2 and 3, and RFC 3986.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/conformance.hpp"

namespace cubby::test {
namespace {

using namespace std::string_literals;

constexpr std::string_view kAlphanumeric =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

// A request with that line, which is right otherwise.
std::string with_line(const std::string& line) { return line + "\r\nHost: a\r\n\r\n"; }
std::string get(const std::string& target) { return with_line("GET " + target + " HTTP/1.1"); }
std::string options(const std::string& target) {
  return with_line("OPTIONS " + target + " HTTP/1.1");
}

// RFC 9112, section 2.2.
TEST(RequestLineConformanceTest, LinesEndInCrLf) {
  const std::string line = "GET /health HTTP/1.1";
  expect_verdicts({
      {"200 open", {with_line(line), "\r\n" + with_line(line)}},
      {"400 closed",
       {line + "\nHost: a\r\n\r\n", line + "\nHost: a\n\n", line + "\r\nHost: a\n\r\n",
        line + "\r\nHost: a\r\n\n", line + "\rHost: a\r\n\r\n", line + "\r\rHost: a\r\n\r\n",
        line + "\r\nHost: a\r\r\n\r\n", line + "\r\nHost: a\r\n\rX: b\r\n\r\n",
        line + "\r\r\nHost: a\r\n\r\n", line + "\n\rHost: a\r\n\r\n"}},
      // One empty line before a request may be, in front of which nothing may.
      {"400 closed",
       {"\n" + with_line(line), "\r\n\r\n" + with_line(line), "\n\n" + with_line(line),
        "\r" + with_line(line), " \r\n" + with_line(line), "\r\n " + with_line(line), "   \r\n\r\n",
        "\t" + with_line(line), "\0"s + with_line(line), "\xEF\xBB\xBF" + with_line(line)}},
      {"ignored", {"\r\n"}},
  });
}

// RFC 9112, section 3: one space between the three parts, and nothing else.
TEST(RequestLineConformanceTest, PartsAreSeparatedByOneSpace) {
  expect_verdicts({
      {"400 closed",
       {with_line("GET  /health HTTP/1.1"),
        with_line("GET /health  HTTP/1.1"),
        with_line("GET /health HTTP/1.1 "),
        with_line(" GET /health HTTP/1.1"),
        with_line("GET\t/health HTTP/1.1"),
        with_line("GET /health\tHTTP/1.1"),
        with_line("GET /health HTTP/1.1\t"),
        with_line("GET\v/health HTTP/1.1"),
        with_line("GET\f/health HTTP/1.1"),
        with_line("GET\xA0/health HTTP/1.1"),
        with_line("GET /he alth HTTP/1.1"),
        with_line("GET /health a HTTP/1.1"),
        with_line("GET /health HTTP/1.1 HTTP/1.1"),
        with_line("GET"),
        with_line("GET HTTP/1.1"),
        with_line("GET  HTTP/1.1"),
        with_line("GET/health HTTP/1.1"),
        with_line("/health HTTP/1.1"),
        with_line("/health"),
        with_line("GET,/health,HTTP/1.1"),
        with_line("GET /healthHTTP/1.1")}},
  });
}

// RFC 9110, section 9.1, and RFC 9112, section 3.1.
TEST(RequestLineConformanceTest, MethodIsATokenInItsCase) {
  std::vector<std::string> unknown;
  for (const char* method :
       {"get",      "Get",      "GeT",    "post", "GETT", "GE", "G", "BREW",
        "PROPFIND", "M-SEARCH", "PRI",    "GET-", "GET1", "1",  "!", "#$%&'*+-.^_`|~",
        "_GET",     "HTTP",     "SOURCE", "QUERY"}) {
    unknown.push_back(with_line(method + " /health HTTP/1.1"s));
  }
  unknown.push_back(with_line(std::string(8000, 'A') + " /health HTTP/1.1"));
  std::vector<std::string> malformed;
  for (const char c : all_bytes_but("!#$%&'*+-.^_`|~" + std::string(kAlphanumeric))) {
    malformed.push_back(with_line("GE"s + c + "T /health HTTP/1.1"));
  }
  malformed.push_back(with_line("\"GET\" /health HTTP/1.1"));
  malformed.push_back(std::string(20000, 'A'));
  malformed.push_back(with_line(std::string(20000, 'A') + " /health HTTP/1.1"));
  expect_verdicts({{"501 open", unknown}, {"400 closed", malformed}});
}

// RFC 9112, section 2.3. What names no version is HTTP/0.9, and malformed since HTTP/1.0.
TEST(RequestLineConformanceTest, VersionIsExact) {
  std::vector<std::string> malformed;
  for (const char* version : {"",           "HTTP",       "HTTP/",
                              "HTTP/1",     "HTTP/1.",    "HTTP/.1",
                              "HTTP/1.1.1", "HTTP/1.10",  "HTTP/01.1",
                              "HTTP/01.01", "HTTP/11",    "HTTP/1,1",
                              "HTTP/ 1.1",  "HTTP /1.1",  "HTTP/1 .1",
                              "HTTP/1. 1",  "HTTP/+1.1",  "HTTP/-1.1",
                              "HTTP/1.-1",  "HTTP/1.x",   "HTTP/x.1",
                              "HTTP/A.B",   "HTTP\\1.1",  "HTTP1.1",
                              "http/1.1",   "Http/1.1",   "HTTp/1.1",
                              "HTTPS/1.1",  "HTTP/1.1a",  "aHTTP/1.1",
                              "XHTTP/1.1",  "HTTP/1.1;a", "ICE/1.0",
                              "RTSP/1.0",   "HTTP//1.1",  "HTTP/0x1.1",
                              "HTTP/1e0",   "HTTP/10.1",  "HTTP/\xEF\xBC\x91.1"}) {
    malformed.push_back(with_line("GET /health "s + version));
  }
  malformed.push_back(with_line("GET /health HTTP/1.1\0"s));
  malformed.push_back("GET /health\r\n");
  malformed.push_back("GET /\r\n\r\n");
  std::vector<std::string> other;
  for (const char* version : {"HTTP/0.9", "HTTP/0.0", "HTTP/1.2", "HTTP/1.9", "HTTP/2.0",
                              "HTTP/2.1", "HTTP/3.0", "HTTP/5.6", "HTTP/9.9"}) {
    other.push_back(with_line("GET /health "s + version));
  }
  other.push_back("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  expect_verdicts({{"400 closed", malformed}, {"505 closed", other}});
}

// RFC 3986, sections 3.3 and 3.4.
TEST(RequestLineConformanceTest, TargetHasTheCharactersOfAUri) {
  const std::string marks = "-._~!$&'()*+,;=:@/";
  std::vector<std::string> fine;
  for (const char c : marks) fine.push_back(get("/health?x="s + c));
  fine.push_back(get("/health??"));
  fine.push_back(get("/health?"));
  fine.push_back(get("/health?%00%0d%0A%ff%C3%A9"));
  std::vector<std::string> elsewhere;
  for (const char c : marks) elsewhere.push_back(get("/health"s + c));
  std::vector<std::string> malformed;
  for (const char c : all_bytes_but(marks + "?%" + std::string(kAlphanumeric))) {
    malformed.push_back(get("/"s + c + "health"));
    malformed.push_back(get("/health?"s + c));
    malformed.push_back(get("/health"s + c));
    malformed.push_back(get("http://a/health?x="s + c));
  }
  for (const char* target :
       {"/caf\xC3\xA9", "/\xC0\xAF", "/health?q=\xF0\x9F\xA6\x8A", "/a\\b", "/health#", "/health#a",
        "/health?a#b", "#", "/<script>", "/{a}", "/a|b", "/a^b", "/a`b", "/[a]", "/\"a\""}) {
    malformed.push_back(get(target));
  }
  // A percent sign that is no escape is the application's to refuse: nobody can mistake where the
  // request ends.
  std::vector<std::string> escapes;
  for (const char* target : {"/%", "/%4", "/%4g", "/%g4", "/%%41", "/health%", "/health?%",
                             "/health?a=%zz", "/health?a=%u0041", "/%-1"}) {
    escapes.push_back(get(target));
  }
  expect_verdicts({{"200 open", fine},
                   {"404 open", elsewhere},
                   {"400 closed", malformed},
                   {"400 open", escapes}});
}

// RFC 9110, section 4.2.3, and RFC 3986, section 6.2.2: what need not be encoded may be. Dot
// segments are the client's to remove, and an empty segment is one.
TEST(RequestLineConformanceTest, PathsAreComparedAsUris) {
  expect_verdicts({
      {"200 open",
       {get("/%68ealth"), get("/%68%65%61%6c%74%68"), get("/healt%68?a"),
        get("http://a/%68ealth")}},
      {"404 open",
       {get("/Health"), get("/%48ealth"), get("/health/"), get("//health"), get("/./health"),
        get("/x/../health"), get("/%2e/health"), get("/..%2fhealth"), get("/%2fhealth"),
        get("/health%2f"), get("/health%00"), get("/%2568ealth"), get("/health;a"), get("/"),
        get("/%C0%AF"), get("/health%20")}},
  });
}

// RFC 9112, section 3.2.
TEST(RequestLineConformanceTest, TargetHasOneOfTheForms) {
  expect_verdicts({
      {"400 closed",
       {get("health"),
        get("*"),
        get("**"),
        get("a"),
        get("?"),
        get("?a"),
        get(":"),
        get("a:80"),
        get("localhost:7171"),
        get("a/health"),
        get("\\health"),
        get("./health"),
        options("**"),
        options("*/"),
        options("*?"),
        options("*a"),
        options("a"),
        with_line("POST * HTTP/1.1"),
        with_line("HEAD * HTTP/1.1"),
        with_line("BREW * HTTP/1.1")}},
      {"200 open",
       {options("*"), options("http://a"), options("/health"), options("/get"), options("/put"),
        options("/get?key="), options("http://a/health")}},
      {"404 open",
       {options("/"), options("http://a/"), options("http://a?b"), options("/nothing")}},
  });
}

// RFC 9112, section 3.2.2, and RFC 9110, section 4.2: the authority overrides Host, and is never
// empty. A resource of https is refused where there is no TLS (RFC 9110, section 7.4).
TEST(RequestLineConformanceTest, AbsoluteFormIsUnderstood) {
  expect_verdicts({
      {"200 open",
       {get("http://a/health"), get("HTTP://a/health"), get("hTtP://A/health"),
        get("http://other:99/health"), get("http://a:/health"), get("http://a:080/health"),
        get("http://127.0.0.1:7171/health"), get("http://[::1]/health"),
        get("http://[::1]:80/health"), get("http://[2001:db8::1.2.3.4]/health?x"),
        get("http://%61/health"), get("http://a_b.c-d~e/health")}},
      {"404 open", {get("http://a"), get("http://a/"), get("http://a?x"), get("http://a:1?x")}},
      {"400 closed",
       {get("http://"),
        get("http:///health"),
        get("http://?x"),
        get("http://:80/health"),
        get("http:/health"),
        get("http:health"),
        get("http//a/health"),
        get("http://a:b/health"),
        get("http://a:65536/health"),
        get("http://a:-1/health"),
        get("http://a:1:2/health"),
        get("http://user@a/health"),
        get("http://user:pass@a/health"),
        get("http://@a/health"),
        get("http://a@/health"),
        get("http://a b/health"),
        get("http://a,b/health"),
        get("http://[::1/health"),
        get("http://::1/health"),
        get("http://[]/health"),
        get("http://[::g]/health"),
        get("http://[::1]a/health"),
        get("http://[::1%25lo]/health"),
        get("http://a%/health"),
        get("http://a%2/health"),
        get("http://\xC3\xA9/health"),
        get("http://a/health#b"),
        get("http://a#b"),
        get("https://a/health"),
        get("ftp://a/health"),
        get("file:///health"),
        get("urn:a"),
        get("://a/health"),
        get("scheme+x://a/health"),
        get("http://a\\@b/health"),
        get("http://a\t/health")}},
      {"400 closed",
       {"GET http://a/health HTTP/1.1\r\n\r\n", "GET http://a/health HTTP/1.1\r\nHost:\r\n\r\n",
        "GET http://a/health HTTP/1.1\r\nHost: a b\r\n\r\n"}},
      {"200 open", {"GET http://a/health HTTP/1.1\r\nHost: other\r\n\r\n"}},
  });
}

// RFC 9112, section 3: longer than any target that there is.
TEST(RequestLineConformanceTest, TargetHasALimit) {
  expect_verdicts({
      {"200 open", {get("/health?" + std::string(8192 - 8, 'x'))}},
      {"404 open", {get("/" + std::string(8191, 'x'))}},
      {"414 closed",
       {get("/health?" + std::string(8193 - 8, 'x')), get("/" + std::string(8192, 'x')),
        get("/" + std::string(100000, 'x')), get("http://a/" + std::string(9000, 'x'))}},
  });
}

}  // namespace
}  // namespace cubby::test
