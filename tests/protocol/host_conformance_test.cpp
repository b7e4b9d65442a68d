// The Host field, rule by rule: RFC 9110, section 7.2, and RFC 3986, section 3.2.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/conformance.hpp"

namespace cubby::test {
namespace {

using namespace std::string_literals;

std::string with_host_lines(const std::string& lines) {
  return "GET /health HTTP/1.1\r\n" + lines + "\r\n";
}
std::string with_host(const std::string& value) {
  return with_host_lines("Host: " + value + "\r\n");
}

// RFC 9110, section 7.2, and RFC 9112, section 3.2.
TEST(HostConformanceTest, IsThereOnce) {
  expect_verdicts({
      {"200 open",
       {with_host_lines("Host: a\r\n"), with_host_lines("hOsT:a\r\n"),
        with_host_lines("X: a\r\nHOST: \t a \t\r\n"), with_host_lines("X-Host: b\r\nHost: a\r\n")}},
      {"400 closed",
       {with_host_lines(""), with_host_lines("X: a\r\n"), with_host_lines("X-Host: a\r\n"),
        with_host_lines("Hos: a\r\n"), with_host_lines("Host: a\r\nHost: a\r\n"),
        with_host_lines("Host: a\r\nHost: b\r\n"),
        with_host_lines("Host: a\r\nX: b\r\nhost: a\r\n"), with_host_lines("Host: a\r\nHost:\r\n"),
        with_host_lines("Host:\r\nHost: a\r\n"),
        with_host_lines("Host: a\r\nHost: a\r\nHost: a\r\n")}},
      // HTTP/1.0 had none. One that is wrong is wrong there too.
      {"200 closed", {"GET /health HTTP/1.0\r\n\r\n", "GET /health HTTP/1.0\r\nHost: a\r\n\r\n"}},
      {"400 closed",
       {"GET /health HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET /health HTTP/1.0\r\nHost:\r\n\r\n", "GET /health HTTP/1.0\r\nHost: a/b\r\n\r\n"}},
  });
}

// RFC 3986, section 3.2.
TEST(HostConformanceTest, IsANameOrAnAddress) {
  std::vector<std::string> fine;
  for (const char* host : {"a",
                           "A.b-c_d",
                           "localhost:7171",
                           "127.0.0.1",
                           "127.0.0.1:7171",
                           "a:",
                           "a:0",
                           "a:80",
                           "a:00080",
                           "a:65535",
                           "example.com.",
                           "xn--bcher-kva.example",
                           "%61",
                           "a%2Fb",
                           "a;b",
                           "a=b",
                           "a!$&'()*+b",
                           "1.2.3.4.5",
                           "[::]",
                           "[::1]",
                           "[::1]:80",
                           "[::1]:",
                           "[2001:DB8::1]",
                           "[1:2:3:4:5:6:7:8]",
                           "[::ffff:1.2.3.4]",
                           "[1::]",
                           "[::2:3:4:5:6:7:8]",
                           "[1:2:3:4:5:6:7::]",
                           "[1:2::7:8]",
                           "[1:2:3:4:5:6:1.2.3.4]",
                           "[::1.2.3.4]",
                           "[::0.0.0.255]",
                           "[0000:ffff:ABCD::]",
                           "[v1.a:b]",
                           "[vF.x]:1"}) {
    fine.push_back(with_host(host));
  }
  std::vector<std::string> malformed;
  for (const char* host : {"",
                           " ",
                           "\t",
                           ":",
                           ":80",
                           "a/",
                           "a/b",
                           "/a",
                           "http://a",
                           "a?b",
                           "a#b",
                           "u@a",
                           "u:p@a",
                           "@a",
                           "a@",
                           "a b",
                           "a\tb",
                           "a, b",
                           "a,b",
                           "a,",
                           ",a",
                           "a:b",
                           "a:80b",
                           "a:-1",
                           "a:+1",
                           "a: 80",
                           "a :80",
                           "a:65536",
                           "a:99999999999999999999",
                           "a:1:2",
                           "a::1",
                           "::1",
                           "1:2:3:4:5:6:7:8",
                           "[",
                           "]",
                           "[]",
                           "[::1",
                           "::1]",
                           "[::1]a",
                           "[::1]80",
                           "[::1]]",
                           "[[::1]]",
                           "a[::1]",
                           "[::1]:80:80",
                           "[::1]:x",
                           "[::g]",
                           "[:::]",
                           "[1:2:3:4:5:6:7:8:9]",
                           "[1::2::3]",
                           "[12345::]",
                           "[::1%25eth0]",
                           "[::1%eth0]",
                           "[127.0.0.1]",
                           "[a]",
                           "[v.a]",
                           "[v1.]",
                           "[v1]",
                           "[vg.a]",
                           "[::ffff:1.2.3.400]",
                           "[1:2:3:4:5:6:7]",
                           "[1:2:3:4:5:6:7:]",
                           "[:1:2:3:4:5:6:7]",
                           "[1::2:3:4:5:6:7:8]",
                           "[1:::2]",
                           "[::1:]",
                           "[:]",
                           "[1:2:3:4:5:6:7:1.2.3.4]",
                           "[::1.2.3]",
                           "[::1.2.3.]",
                           "[::1.2..4]",
                           "[::01.2.3.4]",
                           "[::1.2.3.4:1]",
                           "[1.2.3.4::]",
                           "[::1.2.3.4.5]",
                           "[::-1]",
                           "[::0x1]",
                           "%",
                           "%2",
                           "%zz",
                           "a%",
                           "\"a\"",
                           "a\\b",
                           "<a>",
                           "a|b",
                           "a^b",
                           "a`b",
                           "{a}",
                           "\xC3\xA9",
                           "a\xFF",
                           "[::1\xFF]"}) {
    malformed.push_back(with_host(host));
  }
  malformed.push_back(with_host("a\0"s));
  malformed.push_back(with_host("[::1\0]"s));
  malformed.push_back(with_host("[" + std::string(200, ':') + "]"));
  expect_verdicts({{"200 open", fine}, {"400 closed", malformed}});
}

}  // namespace
}  // namespace cubby::test
