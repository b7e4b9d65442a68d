#include "protocol/put_arguments.hpp"

#include <string>

#include <gtest/gtest.h>

namespace cubby::protocol {
namespace {

using namespace std::string_literals;

Error parse(const std::string& body, const Limits& limits = {}) {
  PutArguments arguments;
  return parse_put_arguments(body, limits, arguments);
}

std::string put(const std::string& key, const std::string& value, const std::string& more = "") {
  return R"({"key":")" + key + R"(","value":")" + value + "\"" + more + "}";
}

TEST(PutArgumentsTest, TakesKeyAndValue) {
  const struct {
    std::string body;
    std::string key;
    std::string value;
  } cases[] = {
      {put("a", "b"), "a", "b"},
      {put("a", ""), "a", ""},
      {R"( {"value" : "b" , "key" : "a" } )", "a", "b"},
      {put(R"(\"\\\/\b\f\n\r\t)", R"(\u0000\u00e9\u20AC\ud83e\udd8a)"), "\"\\/\b\f\n\r\t",
       "\0é€🦊"s},
      {put("é", "🦊"), "é", "🦊"},
      {R"({"\u006bey":"a","va\u006cue":"b"})", "a", "b"},
      {put("a", "b", R"(,"":1,"x":{"key":1,"value":[{"key":"z"}]},"y":[["key"]],"Key":null)"), "a",
       "b"},
      {put("key", "value"), "key", "value"},
  };
  for (const auto& [body, key, value] : cases) {
    PutArguments arguments;
    EXPECT_EQ(parse_put_arguments(body, {}, arguments), Error::none) << body;
    EXPECT_EQ(arguments.key, key) << body;
    EXPECT_EQ(arguments.value, value) << body;
  }
}

TEST(PutArgumentsTest, SaysWhatIsWrong) {
  const struct {
    std::string body;
    Error error;
  } cases[] = {
      {"", Error::bad_json},
      {"{", Error::bad_json},
      {"{}", Error::key_missing},
      {"[]", Error::json_not_object},
      {"[{}]", Error::json_not_object},
      {"\"key\"", Error::json_not_object},
      {"12", Error::json_not_object},
      {"-1.5", Error::json_not_object},
      {"true", Error::json_not_object},
      {"null", Error::json_not_object},
      {put("a", "b") + "x", Error::bad_json},
      {put("a", "b") + put("a", "b"), Error::bad_json},
      {put("a", "b") + "\0"s, Error::bad_json},
      {"\0"s + put("a", "b"), Error::bad_json},
      {"\xEF\xBB\xBF" + put("a", "b"), Error::bad_json},
      {"\xEF\xBB" + put("a", "b"), Error::bad_json},
      {"/**/" + put("a", "b"), Error::bad_json},
      {put("a", "\x01"), Error::bad_json},
      {put("a", "\0"s), Error::bad_json},
      {put("a", R"(\ud800)"), Error::bad_json},
      {put("a", R"(\ud800\u0041)"), Error::bad_json},
      {put("a", R"(\udc00)"), Error::bad_json},
      {put("a", R"(\udc00\ud800)"), Error::bad_json},
      {put(R"(\ud800)", "b"), Error::bad_json},
      {put("a", "b", R"(,"x":"\ud800")"), Error::bad_json},
      {put("a", "b", R"(,"\ud800":1)"), Error::bad_json},
      {put("a", "\xff"), Error::bad_json},
      {put("a", "\xC0\xAF"), Error::bad_json},
      {put("a", "\xED\xA0\x80"), Error::bad_json},
      {put("a", "\xF4\x90\x80\x80"), Error::bad_json},
      {put("a", "\xE2\x82"), Error::bad_json},
      {put("\xff", "b"), Error::bad_json},
      {put("a", "b", ",\"x\":\"\xff\""), Error::bad_json},
      {put("a", "b", R"(,"x":01)"), Error::bad_json},
      {put("a", "b", R"(,"x":NaN)"), Error::bad_json},
      {put("a", "b", ","), Error::bad_json},
      {R"({"key":"a"})", Error::value_missing},
      {R"({"value":"b"})", Error::key_missing},
      {put("a", "b", R"(,"key":"a")"), Error::key_repeated},
      {put("a", "b", R"(,"value":"b")"), Error::value_repeated},
      {R"({"key":1,"value":"b"})", Error::key_not_string},
      {R"({"key":[],"value":"b"})", Error::key_not_string},
      {R"({"key":{},"value":"b"})", Error::key_not_string},
      {R"({"key":"a","value":false})", Error::value_not_string},
      {R"({"key":"a","value":null})", Error::value_not_string},
      {R"({"key":"a","value":1.0})", Error::value_not_string},
      {R"({"key":"a","value":["b"]})", Error::value_not_string},
      {R"({"key":"a","value":{"b":"c"}})", Error::value_not_string},
      {put("", "b"), Error::key_empty},
  };
  for (const auto& [body, error] : cases) EXPECT_EQ(parse(body), error) << body;
}

TEST(PutArgumentsTest, KeepsTheLimits) {
  const Limits limits{.max_key_length = 3, .max_value_bytes = 4, .max_json_depth = 3};
  EXPECT_EQ(parse(put("éé🦊", "v"), limits), Error::none);
  EXPECT_EQ(parse(put("éé🦊x", "v"), limits), Error::key_too_long);
  EXPECT_EQ(parse(put("k", "éé"), limits), Error::none);
  EXPECT_EQ(parse(put("k", "éé1"), limits), Error::value_too_large);
  EXPECT_EQ(parse(put("k", "v", R"(,"x":[{}])"), limits), Error::none);
  EXPECT_EQ(parse(put("k", "v", R"(,"x":[{"y":[]}])"), limits), Error::json_too_deep);
  EXPECT_EQ(parse(put("k", "v", R"(,"x":[[]],"y":[[]])"), limits), Error::none);
}

}  // namespace
}  // namespace cubby::protocol
