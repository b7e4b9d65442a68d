#include "protocol/text_probe.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/json_escape.hpp"
#include "protocol/utf8.hpp"

namespace cubby::protocol {
namespace {

using namespace std::string_literals;

TextProbe probe_of(std::string_view text) {
  TextProbe probe;
  probe.take(text);
  return probe;
}

// As a whole text is looked at elsewhere.
void check(const TextProbe& probe, const std::string& text) {
  EXPECT_EQ(probe.is_text(), count_code_points(text).has_value()) << testing::PrintToString(text);
  if (!probe.is_text()) return;
  EXPECT_EQ(probe.escape_bytes(), escaped_size(text) - text.size()) << testing::PrintToString(text);
}

TEST(TextProbeTest, KnowsTextFromOtherBytes) {
  EXPECT_TRUE(TextProbe().is_text());
  EXPECT_EQ(TextProbe().escape_bytes(), 0U);
  for (const std::string& text : {""s, "a"s, "\0"s, "\x7F"s, "é"s, "🦊\n"s, "\"\\\b\f\n\r\t\x01"s,
                                  std::string(100, '\0')}) {
    EXPECT_TRUE(probe_of(text).is_text()) << text;
    check(probe_of(text), text);
  }
  for (const std::string& bytes : {"\x80"s, "\xFF"s, "a\xC3"s, "\xC3\n"s, "\xC3("s, "\xC3\""s,
                                   "\xC0\x80"s, "\xED\xA0\x80"s, "\xF4\x90\x80\x80"s}) {
    EXPECT_FALSE(probe_of(bytes).is_text()) << testing::PrintToString(bytes);
    EXPECT_FALSE(probe_of(std::string(40, 'a') + bytes).is_text());
    EXPECT_FALSE(probe_of(bytes + std::string(40, 'a')).is_text());
  }
}

TEST(TextProbeTest, ACharacterMayComeInPieces) {
  TextProbe probe;
  for (const char byte : "🦊"s) {
    EXPECT_EQ(probe.is_text(), byte == '\xF0');
    probe.take({&byte, 1});
  }
  EXPECT_TRUE(probe.is_text());
  probe.take("\xF0\x9F");
  probe.take("");
  EXPECT_FALSE(probe.is_text());
  probe.take("\xA6\x8A");
  EXPECT_TRUE(probe.is_text());
}

TEST(TextProbeTest, WhatIsBrokenStaysSo) {
  TextProbe probe = probe_of("\xFF");
  probe.take("text");
  EXPECT_FALSE(probe.is_text());
  TextProbe cut = probe_of("\xF0\x9F");
  cut.take("a");
  cut.take("\xA6\x8A");
  EXPECT_FALSE(cut.is_text());
}

// Of random texts, most of them UTF-8, in random pieces.
TEST(TextProbeTest, AgreesWithTheOthersWhereverItIsCut) {
  const std::vector<std::string> parts{"a",    "plain text, and rather long",
                                       "\"",   "\\",
                                       "\n",   "\0"s,
                                       "\x1F", "\x7F",
                                       "é",    "€",
                                       "🦊", "\xED\x9F\xBF"};
  const std::vector<std::string> bad{"\x80",         "\xC3", "\xE2\x82",
                                     "\xF0\x9F\xA6", "\xFF", "\xED\xA0\x80"};
  std::mt19937 random(1);
  int texts = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (std::size_t left = random() % 20; left > 0; --left) {
      const bool is_bad = random() % 30 == 0;
      text += is_bad ? bad[random() % bad.size()] : parts[random() % parts.size()];
    }
    check(probe_of(text), text);
    TextProbe probe;
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::size_t size = std::min<std::size_t>(1 + random() % 9, rest.size());
      probe.take(rest.substr(0, size));
      rest.remove_prefix(size);
      check(probe, text.substr(0, text.size() - rest.size()));
    }
    texts += probe.is_text() ? 1 : 0;
  }
  EXPECT_GT(texts, 1000);
  EXPECT_LT(texts, 4500);
}

}  // namespace
}  // namespace cubby::protocol
