// Keys and values that break programs which look into them: they come back byte for byte, however
// they were escaped on the way.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/loopback.hpp"
#include "support/reply_reader.hpp"

namespace cubby::test {
namespace {

using namespace std::string_literals;
using Json = nlohmann::json;

std::string utf8(char32_t c) {
  const auto tail = [c](unsigned shift) { return static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xC0 | (c >> 6)), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xE0 | (c >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | (c >> 18)), tail(12), tail(6), tail(0)};
}

std::string repeat(const std::string& text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

const std::vector<std::string>& awkward_texts() {
  static const std::vector<std::string> kTexts = {
      // what other languages take for something
      "null", "undefined", "true", "false", "NaN", "nil", "None", "Infinity", "-Infinity", "0", "1",
      "-1", "1.00", "1e400", "0x7fffffff", "9223372036854775808", "1,000.5", "1/0", "01", "[]",
      "{}", "\"", "\\", "\\\\", "\\u0000", "\\\"", "'", "''", "`", "{\"key\":\"value\"}", "\"}",
      "\",\"",
      // what interpreters would run
      "<script>alert(0)</script>", "<!--", "]]>", "<?xml version=\"1.0\"?>", "&lt;&amp;&#0;",
      "' OR 1=1 -- -", "1;DROP TABLE entries", "$(touch /x)", "`id`", "; rm -rf /", "| cat",
      "%s%n%d", "{0}", "{{7*7}}", "${jndi:ldap://x}", "../../../etc/passwd", "..%2f..%2f",
      "C:\\con\\aux", "file:///etc/passwd", "__proto__", "constructor", "hasOwnProperty",
      "toString",
      // what HTTP and forms give a meaning to
      "a\r\nSet-Cookie: b", "\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "+", "%", "%%", "%zz", "%00",
      "%2B", "%25", "a+b c%20d", "&", "=", "&key=x", "key=x", "?", "#", "/", "//", ";",
      "a&b=c;d#e?f",
      // white space and control characters
      " ", "  ", "\t", "\n", "\r", "\r\n", " a ", "\v", "\f", "\b", "\x1b[31m", "\x7f", "\0"s,
      "a\0b"s, "\0\0"s, "\x01\x02\x03\x04\x05\x06\x0e\x0f\x10\x1f", "\u0085", "\u00a0", "\u1680",
      "\u180e", "\u2000", "\u2028", "\u2029", "\u202f", "\u3000",
      // what is seen is not what is there
      "\u200b", "\u200d", "\u2060", "\ufeff", "a\ufeff", "\ufeffa", "\u202eabc\u202c",
      "\u2066a\u2069", "\u0301", "e\u0301", "\u00e9", "Z\u0351\u036b\u0343\u036a", "\u00df",
      "\u0130", "\u0131", "\u01c5", "\ufb01", "\u212b", "\u2126", "\u1e9e", "\u03c2",
      // writing systems
      "\u0627\u0644\u0639\u0631\u0628\u064a\u0629", "\u05e2\u05d1\u05e8\u05d9\u05ea",
      "\u65e5\u672c\u8a9e", "\ud55c\uad6d\uc5b4", "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd",
      "\u0e44\u0e17\u0e22", "\u13c3", "\uff21\uff22", "\U00020000\U0002a6df", "\U0001d49c",
      "\U00010400", "\U0001f469\u200d\U0001f467", "\U0001f1e8\U0001f1ed", "\u261d\U0001f3ff",
      "1\ufe0f\u20e3", "(\u256f\u00b0\u25a1\u00b0)\u256f\ufe35 \u253b\u2501\u253b",
      // the edges of what UTF-8 can say
      "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufdd0", "\ufffd", "\ufffe", "\uffff",
      "\U00010000", "\U0001fffe", "\U0010fffe", "\U0010ffff",
      // sizes
      repeat("a", 256), repeat("\u00e9", 256), repeat("\U0001f98a", 256), repeat("\"", 256),
      repeat("\0"s, 256), repeat("\\", 255), repeat("%", 256)};
  return kTexts;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    result += '%';
    result += kDigits[byte >> 4];
    result += kDigits[byte & 15];
  }
  return result;
}

class AnyTextTest : public testing::Test {
 protected:
  ReceivedReply exchange(const std::string& request) {
    peer_.received.clear();
    peer_.send(request);
    return read_reply(peer_.received).value_or(ReceivedReply{});
  }

  void expect_round_trip(const std::string& key, const std::string& value, bool escaped) {
    world_.cache.clear();
    const std::string body = Json{{"key", key}, {"value", value}}.dump(-1, ' ', escaped);
    const auto stored =
        exchange("POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
                 "\r\n\r\n" + body);
    ASSERT_EQ(stored.status, 200) << body << stored.body;
    EXPECT_EQ(world_.cache.get(key), value) << body;
    const auto found =
        exchange("GET /get?key=" + percent_encoded(key) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_EQ(found.status, 200) << body;
    const Json reply = Json::parse(found.body, nullptr, false);
    ASSERT_FALSE(reply.is_discarded()) << found.body;
    EXPECT_EQ(reply["key"], key) << found.body;
    EXPECT_EQ(reply["value"], value) << found.body;
  }

  World world_;
  Loopback peer_{world_};
};

TEST_F(AnyTextTest, ComesBackAsItWas) {
  for (const std::string& text : awkward_texts()) {
    for (const bool escaped : {false, true}) {
      expect_round_trip(text, text, escaped);
      expect_round_trip("k", repeat(text, 3), escaped);
      expect_round_trip("k", "a" + text + "\"", escaped);
    }
  }
}

TEST_F(AnyTextTest, EveryCharacterComesBack) {
  for (char32_t c = 0; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 97) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    expect_round_trip(utf8(c), utf8(c), c % 2 == 0);
  }
}

TEST_F(AnyTextTest, KeysDifferInEveryByte) {
  for (const std::string& text : awkward_texts()) {
    world_.cache.put(text, "v");
  }
  EXPECT_EQ(world_.cache.stats().entries, awkward_texts().size());
}

}  // namespace
}  // namespace cubby::test
