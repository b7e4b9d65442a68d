#include "protocol/json_scanner.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/json_trace.hpp"

namespace cubby::protocol {
namespace {

using test::every_cut;
using test::scan;

std::vector<JsonEvent> events_of(std::string_view text) {
  std::vector<JsonEvent> events;
  JsonScanner scanner(8);
  EXPECT_EQ(scanner.take(text,
                         [&](const JsonEvent& event) {
                           events.push_back(event);
                           return Error::none;
                         }),
            Error::none);
  return events;
}

TEST(JsonScannerTest, TellsWhatThereIsInOrder) {
  EXPECT_EQ(scan(R"({"a":[1,-2.50e3,"x\ty",true],"\u00e9":{"":null},"f":false})").events,
            "{\nN1:a\n[\n#1\n#-2.50e3\nS3:x\ty\ntrue\n]\nN2:é\n{\nN0:\nnull\n}\nN1:f\nfalse\n}\n");
  EXPECT_EQ(scan("12").events, "#12\n");
  EXPECT_EQ(scan("\"a\"").events, "S1:a\n");
}

TEST(JsonScannerTest, TellsAStringWithoutEscapesAtOnceWhereItIs) {
  const std::string text = "[\"" + std::string(1000, 'x') + "é🦊\"]";
  const auto events = events_of(text);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_TRUE(events[1].begins && events[1].ends && events[1].in_piece);
  EXPECT_EQ(events[1].text.data(), text.data() + 2);
  EXPECT_EQ(events[1].text.size(), 1006U);
}

TEST(JsonScannerTest, GathersEscapesAndWhatIsBetweenThem) {
  std::string text = "[\"begin";
  for (int i = 0; i < 100; ++i) text += R"(\"x)";
  text += "\"]";
  const auto events = events_of(text);
  EXPECT_LT(events.size(), 10U);
  EXPECT_TRUE(events[1].in_piece);
  EXPECT_EQ(events[1].text, "begin");
}

TEST(JsonScannerTest, TellsAtTheEndOfAPieceAllThatItHas) {
  EXPECT_EQ(events_of(R"(["a\nb)").size(), 3U);
  EXPECT_EQ(events_of(R"(["a\n\u)").size(), 3U);
  EXPECT_EQ(events_of("[\"").size(), 1U);
  EXPECT_EQ(events_of("[12").size(), 1U);
}

TEST(JsonScannerTest, TellsWhatPrecedesTheFirstWrongByte) {
  const struct {
    const char* text;
    const char* events;
  } cases[] = {
      {"[1,2x", "[\n#1\n"},
      {"[1,2}", "[\n#1\n#2\n"},
      {"{\"a\":\"bc\x01", "{\nN1:a\nbc"},
      {"{\"a\":\"bc\xE2\x82x", "{\nN1:a\nbc\xE2\x82"},
      {R"(["bc\n\n\x)", "[\nbc\n\n"},
      {R"(["bc\n\ud800\n)", "[\nbc\n"},
      {R"(["\n\u12x)", "[\n\n"},
      {"[\"\\n\xFF", "[\n\n"},
  };
  for (const auto& [text, events] : cases) {
    EXPECT_EQ(scan(text), (test::JsonTrace{Error::bad_json, events})) << text;
    EXPECT_EQ(scan(text, every_cut(std::string_view(text).size())), scan(text)) << text;
  }
}

TEST(JsonScannerTest, KeepsTheBeginningOfALongNumber) {
  const std::string longest(JsonScanner::kMaxNumberChars, '9');
  for (const char* end : {"]", " ]", ",1]"}) {
    EXPECT_EQ(scan("[" + longest + end).events.substr(0, 67), "[\n#" + longest);
    EXPECT_EQ(scan("[" + longest + end).events[67], '\n');
    EXPECT_EQ(scan("[" + longest + "9" + end).events.substr(0, 69), "[\n#" + longest + "~\n");
  }
  EXPECT_EQ(scan(longest + "e1").events, "#" + longest + "~\n");
}

TEST(JsonScannerTest, LimitsTheDepth) {
  const auto nested = [](std::size_t depth) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += i % 2 == 0 ? "[" : R"({"a":)";
    if (depth % 2 == 0) text += "1";
    for (std::size_t i = depth; i > 0; --i) text += i % 2 == 1 ? "]" : "}";
    return text;
  };
  for (const std::size_t max : {0U, 1U, 2U, 3U, 32U, 63U, 64U}) {
    EXPECT_EQ(scan(max == 0 ? "1" : nested(max), {}, max).error, Error::none) << max;
    EXPECT_EQ(scan(nested(max + 1), {}, max).error, Error::json_too_deep) << max;
    EXPECT_EQ(scan(nested(max + 1), every_cut(nested(max + 1).size()), max).error,
              Error::json_too_deep);
  }
  EXPECT_EQ(scan("[[],[],{}]", {}, 2).error, Error::none);
  EXPECT_EQ(scan(nested(64), {}, 1000).error, Error::none);
  EXPECT_EQ(scan(nested(65), {}, 1000).error, Error::json_too_deep);
}

TEST(JsonScannerTest, StopsWhenTheHandlerSaysSo) {
  JsonScanner scanner(8);
  int count = 0;
  const auto handler = [&](const JsonEvent&) {
    return ++count == 3 ? Error::key_missing : Error::none;
  };
  EXPECT_EQ(scanner.take("[1,2,3,x", handler), Error::key_missing);
  EXPECT_EQ(count, 3);
}

TEST(JsonScannerTest, HandsOnAnErrorAtTheEnd) {
  JsonScanner scanner(8);
  const auto handler = [](const JsonEvent&) { return Error::json_not_object; };
  EXPECT_EQ(scanner.take("12", handler), Error::none);
  EXPECT_EQ(scanner.finish(handler), Error::json_not_object);
}

}  // namespace
}  // namespace cubby::protocol
