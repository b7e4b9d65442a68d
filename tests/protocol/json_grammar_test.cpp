// What is JSON and what is not, case by case from RFC 8259, and what nlohmann's parser says.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/json_trace.hpp"

namespace cubby::protocol {
namespace {

using namespace std::string_literals;
using test::every_cut;
using test::JsonTrace;
using test::scan;

std::string repeat(const std::string& text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

const std::vector<std::string>& valid_texts() {
  static const std::vector<std::string> texts = {
      // structure
      "{}",
      "[]",
      " {} ",
      "\t\n\r [ \t\n\r ] \t\n\r ",
      R"({"a":1})",
      R"({ "a" : 1 , "b" : 2 })",
      R"({"":""})",
      R"({"a":1,"a":2})",
      R"({"a":{"b":{"c":{}}}})",
      R"([[],[[]],{},{"a":[]}])",
      "[1,2,3]",
      "[ 1 , 2 ]",
      "[{},[],\"\",0,true,false,null]",
      R"({"a":[],"b":{},"c":"","d":0,"e":true,"f":false,"g":null})",
      repeat("[", 64) + repeat("]", 64),
      repeat(R"({"":)", 63) + "{}" + repeat("}", 63),
      repeat("[{\"a\":", 32) + "0" + repeat("}]", 32),
      // anything may be at the top
      "0",
      " 1 ",
      "-1.5e3",
      "\"\"",
      "\"text\" ",
      "true",
      "false",
      "null",
      "\nnull\n",
      // numbers
      "[0]",
      "[-0]",
      "[10]",
      "[-10]",
      "[0.0]",
      "[-0.0]",
      "[0.5]",
      "[10.50]",
      "[1e1]",
      "[1E1]",
      "[1e+1]",
      "[1e-1]",
      "[0e0]",
      "[0E+00]",
      "[1.5e007]",
      "[-1.5E-3]",
      "[9007199254740993]",
      "[18446744073709551616]",
      "[-9223372036854775809]",
      "[1e999]",
      "[-1e999]",
      "[1e-999]",
      "[1e99999999999999999999]",
      "[" + repeat("9", 63) + "]",
      "[" + repeat("9", 64) + "]",
      "[" + repeat("9", 65) + "]",
      "[0." + repeat("0", 500) + "1]",
      "[1,\t2\n,3\r]",
      "{\"a\":1}",
      // strings
      R"(["\"\\\/\b\f\n\r\t"])",
      R"(["\u0000"])",
      R"(["\u001f\u007f\u0080"])",
      R"(["\u00e9\u00E9"])",
      R"(["\u07ff\u0800\uffff"])",
      R"(["\uD7FF\uE000"])",
      R"(["\ud800\udc00"])",
      R"(["\uDBFF\uDFFF"])",
      R"(["\ud83e\udd8a\ud83e\udd8a"])",
      R"(["\ufdd0\ufffe"])",
      R"(["\\u0041"])",
      R"(["\\"])",
      R"(["\\\\\""])",
      R"(["/'"])",
      R"(["// no comment /* */"])",
      R"(["[]{},:"])",
      "[\"\x7f\"]",
      "[\"\xC2\x80\xDF\xBF\"]",
      "[\"\xE0\xA0\x80\xE1\x80\x80\xEC\xBF\xBF\"]",
      "[\"\xED\x80\x80\xED\x9F\xBF\"]",
      "[\"\xEE\x80\x80\xEF\xBF\xBF\"]",
      "[\"\xF0\x90\x80\x80\xF1\x80\x80\x80\"]",
      "[\"\xF3\xBF\xBF\xBF\xF4\x8F\xBF\xBF\"]",
      "[\"\xEF\xBB\xBF\"]",
      "[\"é\\u00e9é\"]",
      "[\"🦊\\ud83e\\udd8a🦊\"]",
      "[\"" + repeat("x", 15) + "\\n" + repeat("y", 17) + "é\"]",
      "[\"" + repeat("\\u20ac", 40) + "\"]",
      "[\"" + repeat("\\n", 200) + "\"]",
      "[\"\\n" + repeat("z", 200) + "\"]",
      "[\"\\n" + repeat("€", 60) + "\"]",
      "[\"\\n" + repeat("x\\\"", 60) + "\"]",
      R"({"\u006bey":1,"k\n":2,"é":3})",
      R"({"\ud83e\udd8a":"\ud83e\udd8a"})",
  };
  return texts;
}

const std::vector<std::string>& invalid_texts() {
  static const std::vector<std::string> texts = {
      // structure
      "",
      " ",
      "\n\n",
      "{",
      "[",
      "}",
      "]",
      "{]",
      "[}",
      "{}}",
      "[]]",
      "{}{}",
      "[][]",
      "{},",
      "[1",
      "[1,",
      "[1,]",
      "[,1]",
      "[,]",
      "[1,,2]",
      "[1 2]",
      "[1:2]",
      "[1}",
      "{1:2}",
      "{null:1}",
      "{a:1}",
      "{'a':1}",
      "{\"a\"",
      "{\"a\"}",
      "{\"a\" 1}",
      "{\"a\":",
      "{\"a\":}",
      "{\"a\"::1}",
      "{\"a\",1}",
      "{\"a\":1",
      "{\"a\":1,",
      "{\"a\":1,}",
      "{,\"a\":1}",
      "{,}",
      "{\"a\":1,,\"b\":2}",
      "{\"a\":1 \"b\":2}",
      "{\"a\":1,2}",
      "{\"a\":1,[]}",
      "{\"a\":1]",
      "{[]:1}",
      "{:1}",
      "{\"a\", null}",
      "{\"a\":1,,,,,}",
      "{\"a\":1}#",
      "{\"a\":1}//",
      "{\"a\":1}/**/",
      "{\"a\":/*b*/1}",
      "{🇨🇭}",
      "{\"a\":\"b\" 1}",
      "[*]",
      "*",
      "<null>",
      "[<null>]",
      "['",
      "[][",
      "\xE2\x81\xA0",
      "[\xE2\x81\xA0]",
      ":",
      ",",
      "[\"a\":1]",
      "[]x",
      "[] []",
      "1 2",
      "\"a\"\"b\"",
      "truetrue",
      "/**/[]",
      "[]//",
      "[/**/]",
      "#\n[]",
      "\v[]",
      "[\f]",
      "\xC2\xA0[]",
      "[]\xE2\x80\xA8",
      "\xEF\xBB\xBF[]",
      "\xEF\xBB[]",
      "\xEF",
      "[]\0"s,
      "\0[]"s,
      "[\0]"s,
      "[1\0]"s,
      "[\0"s,
      "\xFF\xFE[\0]\0"s,
      // literals
      "t",
      "tru",
      "nul",
      "fals",
      "True",
      "TRUE",
      "nulll",
      "trux",
      "[truefalse]",
      "[true1]",
      "[n]",
      "[undefined]",
      "[NaN]",
      "[nan]",
      "[Infinity]",
      "[-Infinity]",
      "[inf]",
      // numbers
      "-",
      "+",
      "[-]",
      "[+1]",
      "[--1]",
      "[01]",
      "[-01]",
      "[00]",
      "[00.0]",
      "[-00.0]",
      "[00e0]",
      "[-012]",
      "[++1]",
      "[-foo]",
      "[-1x]",
      "[.-1]",
      "[1eE2]",
      "[0e+-1]",
      "[9.e+]",
      "[1.]",
      "[.5]",
      "[-.5]",
      "[1.e1]",
      "[1e]",
      "[1e+]",
      "[1E-]",
      "[1e1.5]",
      "[1e1e1]",
      "[1.5.2]",
      "[1-2]",
      "[1+2]",
      "[0x10]",
      "[1f]",
      "[1_000]",
      "[1,000.]",
      "[1 .5]",
      "[- 1]",
      "[1e 5]",
      "[\xEF\xBC\x91]",
      "1.",
      "1e",
      "0e+",
      "-0.",
      "1x",
      "0\"\"",
      "[1[]]",
      "[1\"a\"]",
      "[" + repeat("9", 100) + "x]",
      // strings
      "\"",
      "\"a",
      "[\"a",
      "[\"a]",
      "['a']",
      "[a]",
      "[\"a\"b]",
      "\"\\\"",
      "\"\\",
      "\"\\u",
      "\"\\u12",
      R"(["\x41"])",
      R"(["\012"])",
      R"(["\u00A"])",
      R"(["\uD800\u1x"])",
      R"(["\uD800\uD800\x"])",
      R"(["\a"])",
      R"(["\v"])",
      R"(["\0"])",
      R"(["\'"])",
      R"(["\U0041"])",
      R"(["\ "])",
      "[\"\\\n\"]",
      "[\"\\é\"]",
      R"(["\u"])",
      R"(["\u1"])",
      R"(["\u12"])",
      R"(["\u123"])",
      R"(["\u123g"])",
      R"(["\ug123"])",
      R"(["\u+123"])",
      R"(["\u 123"])",
      R"(["\u-123"])",
      R"(["\ud800"])",
      R"(["\udbff"])",
      R"(["\udc00"])",
      R"(["\udfff"])",
      R"(["\ud800x"])",
      R"(["\ud800\n"])",
      R"(["\ud800\u0041"])",
      R"(["\ud800\ud800"])",
      R"(["\ud800\ue000"])",
      R"(["\udc00\ud800"])",
      R"(["\ud800\"])",
      R"(["\ud800\u"])",
      R"(["\ud800\udc0"])",
      R"(["\ud800udc00"])",
      R"(["\n\n\n\ud800"])",
      R"({"\ud800":1})",
      R"({"a\x":1})",
      "[\"\n\"]",
      "[\"\t\"]",
      "[\"\r\"]",
      "[\"\x1f\"]",
      "[\"\0\"]"s,
      "{\"\n\":1}",
      "[\"0123456789abcde\x01\"]",
      "[\"0123456789abcdef\x01\"]",
      "[\"\\n\x01\"]",
      // not UTF-8
      "[\"\x80\"]",
      "[\"\xBF\"]",
      "[\"\xC0\x80\"]",
      "[\"\xC0\xAF\"]",
      "[\"\xC1\xBF\"]",
      "[\"\xC2\"]",
      "[\"\xC2\x41\"]",
      "[\"\xC2\xC2\x80\"]",
      "[\"\xE0\x80\x80\"]",
      "[\"\xE0\x9F\xBF\"]",
      "[\"\xE2\x82\"]",
      "[\"\xE2\x82\\n\"]",
      "[\"\xE2\x41\x41\"]",
      "[\"\xED\xA0\x80\"]",
      "[\"\xED\xBF\xBF\"]",
      "[\"\xED\xA0\xBE\xED\xB6\x8A\"]",
      "[\"\xF0\x80\x80\x80\"]",
      "[\"\xF0\x8F\xBF\xBF\"]",
      "[\"\xF0\x9F\xA6\"]",
      "[\"\xF0\x9F\xA6\n\"]",
      "[\"\xF4\x90\x80\x80\"]",
      "[\"\xF5\x80\x80\x80\"]",
      "[\"\xF8\x88\x80\x80\x80\"]",
      "[\"\xFC\x84\x80\x80\x80\x80\"]",
      "[\"\xFE\"]",
      "[\"\xFF\"]",
      "[\"\\n\xFF\"]",
      "[\"\\n\xE2\x82\"]",
      "{\"\xFF\":1}",
      "[\"0123456789abcdef\xFF\"]",
      "[\"0123456789abcdef\xE2\x82x\"]",
      "\xFF",
      "[\xC3\xA9]",
  };
  return texts;
}

TEST(JsonGrammarTest, TakesWhatIsJson) {
  for (const std::string& text : valid_texts()) {
    EXPECT_EQ(scan(text).error, Error::none) << text;
    for (const char* space : {" ", "\n", "\t", "\r"}) {
      EXPECT_EQ(scan(space + text + space).events, scan(text).events) << text;
    }
  }
}

TEST(JsonGrammarTest, RefusesWhatIsNot) {
  for (const std::string& text : invalid_texts()) {
    EXPECT_EQ(scan(text).error, Error::bad_json) << text;
  }
}

TEST(JsonGrammarTest, EveryValidTextIsWholeOnlyAtItsEnd) {
  for (const std::string& text : valid_texts()) {
    if (text.front() != '{' && text.front() != '[') continue;
    for (std::size_t size = 0; size < text.size(); ++size) {
      EXPECT_EQ(scan(text.substr(0, size)).error, Error::bad_json) << text << " of " << size;
    }
  }
}

TEST(JsonGrammarTest, CutsChangeNothing) {
  for (const auto* texts : {&valid_texts(), &invalid_texts()}) {
    for (const std::string& text : *texts) {
      const JsonTrace whole = scan(text);
      EXPECT_EQ(whole.events.find("broken"), std::string::npos) << whole.events;
      EXPECT_EQ(scan(text, every_cut(text.size())), whole) << text << " byte by byte";
      for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        EXPECT_EQ(scan(text, {cut}), whole) << text << " cut at " << cut;
      }
    }
  }
}

TEST(JsonGrammarTest, MeansWhatNlohmannReads) {
  for (const auto* texts : {&valid_texts(), &invalid_texts()}) {
    for (const std::string& text : *texts) {
      const auto expected = test::reference_scan(text);
      if (!expected) continue;
      const JsonTrace got = scan(text);
      EXPECT_EQ(got.error, expected->error) << text;
      if (got.error != Error::none || text == "[-0]") continue;
      EXPECT_EQ(got.events, expected->events);
    }
  }
}

}  // namespace
}  // namespace cubby::protocol
