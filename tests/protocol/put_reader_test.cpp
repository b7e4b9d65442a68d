#include "protocol/put_reader.hpp"

#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/json_trace.hpp"
#include "support/put_body.hpp"

namespace cubby::protocol {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using std::chrono::milliseconds;
using test::every_cut;
using test::PutBody;
using test::read_put;

std::string put(const std::string& key, const std::string& value, const std::string& more = "") {
  return R"({"key":")" + key + R"(","value":")" + value + "\"" + more + "}";
}

// Reads `body` cut in every way, which must change nothing.
PutBody read(const std::string& body, const Limits& limits = {}) {
  const PutBody whole = read_put(body, limits);
  for (const bool kept : {false, true}) {
    EXPECT_EQ(read_put(body, limits, {}, kept), whole) << body;
    EXPECT_EQ(read_put(body, limits, every_cut(body.size()), kept), whole) << body;
    for (std::size_t cut = 0; cut <= body.size(); ++cut) {
      EXPECT_EQ(read_put(body, limits, {cut}, kept), whole) << body << " cut at " << cut;
    }
  }
  const auto plain = test::read_plain(body, limits);
  EXPECT_TRUE(!plain || *plain == whole) << body;
  const auto reference = test::reference_put(body, limits);
  EXPECT_TRUE(!reference || agrees(whole, *reference)) << body;
  return whole;
}

TEST(PutReaderTest, TakesKeyAndValue) {
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
      {put("a", "b", R"(,"x":1e999,"y":-1e999,"z":1e-999)"), "a", "b"},
      {put("a", "b", ",\"x\":" + std::string(1000, '9')), "a", "b"},
      {put("a", "b", R"(,"keys":"","ke":1,"values":2,"valu":3,"ttls":4,"tt":5,"k\u0065yz":6)"), "a",
       "b"},
      {put("a", R"(b\n\"c\\)" + std::string(100, 'd')), "a", "b\n\"c\\" + std::string(100, 'd')},
  };
  for (const auto& [body, key, value] : cases) {
    const PutBody result = read(body);
    EXPECT_EQ(result.error, Error::none) << body;
    EXPECT_EQ(result.key, key) << body;
    EXPECT_EQ(result.value, value) << body;
    EXPECT_EQ(result.ttl, std::nullopt) << body;
  }
}

TEST(PutReaderTest, SaysWhatIsWrong) {
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
      {put("a", "b", R"(,"ttl":1,"ttl":1)"), Error::ttl_repeated},
      {put("a", "b", R"(,"ttl":1,"t\u0074l":null)"), Error::ttl_repeated},
      {R"({"k\u0065y":"a","key":"a","value":"b"})", Error::key_repeated},
      {R"({"ttl":1})", Error::key_missing},
  };
  for (const auto& [body, error] : cases) EXPECT_EQ(read(body).error, error) << body;
}

TEST(PutReaderTest, TakesATimeToLive) {
  const std::pair<const char*, milliseconds> cases[] = {
      {"1", 1s},
      {"0.001", 1ms},
      {"0.0010", 1ms},
      {"1e-3", 1ms},
      {"1.5", 1500ms},
      {"1e2", 100s},
      {"1E+2", 100s},
      {"0.0014", 1ms},
      {"0.0016", 2ms},
      {"12.3456", 12346ms},
      {"86400", 24h},
      {"315360000", 315'360'000s},
      {"315359999.9996", 315'360'000s},
      {"31536e4", 315'360'000s},
      {"1.00000000000000000000000000000000000000000000000000000000000000", 1s},  // 64 characters
  };
  for (const auto& [number, ttl] : cases) {
    EXPECT_EQ(read(put("a", "b", R"(,"ttl":)"s + number)).ttl, ttl) << number;
    EXPECT_EQ(read(R"({"ttl": )"s + number + R"( ,"key":"a","value":"b"})").ttl, ttl) << number;
  }
}

TEST(PutReaderTest, RefusesWhatIsNoTimeToLive) {
  const std::string cases[] = {
      "0",
      "-0",
      "0.0",
      "-1",
      "-0.001",
      "0.0009",
      "0.0009999",
      "1e-4",
      "1e-999",
      "315360001",
      "315360000.001",
      "1e9",
      "1e999",
      "-1e999",
      "99999999999999999999999999999",
      "1.000000000000000000000000000000000000000000000000000000000000000",  // 65 characters
      "\"1\"",
      "\"\"",
      "\"\\n\"",
      "null",
      "true",
      "false",
      "[]",
      "[1]",
      "{}",
      R"({"ttl":1})",
  };
  for (const std::string& text : cases) {
    EXPECT_EQ(read(put("a", "b", R"(,"ttl":)" + text)).error, Error::bad_ttl) << text;
  }
  for (const char* text : {"NaN", "Infinity", "+1", ".5", "1.", "01", "1e", "0x1", "1s"}) {
    EXPECT_EQ(read(put("a", "b", R"(,"ttl":)"s + text)).error, Error::bad_json) << text;
  }
}

TEST(PutReaderTest, KeepsTheLimits) {
  const Limits limits{.max_key_length = 3, .max_value_bytes = 4, .max_json_depth = 3};
  const auto error_of = [&](const std::string& body) { return read(body, limits).error; };
  EXPECT_EQ(error_of(put("éé🦊", "v")), Error::none);
  EXPECT_EQ(error_of(put("éé🦊x", "v")), Error::key_too_long);
  EXPECT_EQ(error_of(put(R"(\u00e9é\ud83e\udd8a)", "v")), Error::none);
  EXPECT_EQ(error_of(put(R"(\u00e9é\ud83e\udd8ax)", "v")), Error::key_too_long);
  EXPECT_EQ(error_of(put("k", "éé")), Error::none);
  EXPECT_EQ(error_of(put("k", "éé1")), Error::value_too_large);
  EXPECT_EQ(error_of(put("k", R"(\u0000\n\"\/)")), Error::none);
  EXPECT_EQ(error_of(put("k", R"(\u0000\n\"\/1)")), Error::value_too_large);
  EXPECT_EQ(error_of(put("k", "v", R"(,"x":[{}])")), Error::none);
  EXPECT_EQ(error_of(put("k", "v", R"(,"x":[{"y":[]}])")), Error::json_too_deep);
  EXPECT_EQ(error_of(put("k", "v", R"(,"x":[[]],"y":[[]])")), Error::none);
}

TEST(PutReaderTest, SaysFirstWhatIsWrongFirst) {
  const Limits limits{.max_key_length = 3, .max_value_bytes = 4};
  const struct {
    std::string body;
    Error error;
  } cases[] = {
      {R"({"value":"12345" and so on)", Error::value_too_large},
      {"{\"value\":\"12345\xFF", Error::value_too_large},
      {"{\"value\":\"123\xE2\x82x", Error::value_too_large},
      {"{\"value\":\"1234\xFF", Error::bad_json},
      {R"({"value":"\n\n\n\n\n\x)", Error::value_too_large},
      {R"({"value":"\n\n\n\n\x)", Error::bad_json},
      {R"({"value":"\u0000\u0000\u0000\ud83e\udd8a\ud800 )", Error::value_too_large},
      {R"({"key":"1234" and so on)", Error::key_too_long},
      {R"({"key":"1234\x)", Error::bad_json},
      {R"({"key":"" and so on)", Error::key_empty},
      {R"({"key":1 and so on)", Error::key_not_string},
      {R"({"key":1x)", Error::bad_json},
      {R"({"ttl":0 and so on)", Error::bad_ttl},
      {R"({"ttl":"a and so on)", Error::bad_ttl},
      {R"({"ttl":)", Error::bad_json},
      {R"({"ttl":1)", Error::bad_json},
      {"[ and so on", Error::json_not_object},
      {"\"a and so on", Error::json_not_object},
      {"\"\\ud800", Error::bad_json},
      {R"({"key":"1234","value":"12345"})", Error::key_too_long},
      {R"({"value":"12345","key":"1234"})", Error::value_too_large},
  };
  for (const auto& [body, error] : cases) EXPECT_EQ(read(body, limits).error, error) << body;
}

TEST(PutReaderTest, BoundsAKeyInBytesToo) {
  const Limits limits{.max_key_length = 10'000};
  const std::string longest(2048, 'k');
  for (const bool kept : {false, true}) {
    for (const std::vector<std::size_t>& cuts : {std::vector<std::size_t>{}, {9}, {100, 2000}}) {
      EXPECT_EQ(read_put(put(longest, "v"), limits, cuts, kept).key, longest);
      EXPECT_EQ(read_put(put(longest + "k", "v"), limits, cuts, kept).error, Error::key_too_long);
      EXPECT_EQ(read_put(put(longest + R"(\n)", "v"), limits, cuts, kept).error,
                Error::key_too_long);
      EXPECT_EQ(read_put(put(longest + "k\xFF", "v"), limits, cuts, kept).error,
                Error::key_too_long);
      EXPECT_EQ(read_put(put(longest + "\xFF", "v"), limits, cuts, kept).error, Error::bad_json);
    }
  }
}

struct RecordingSink final : ValueSink {
  Error append(std::string_view piece) override {
    text += piece;
    ++calls;
    return error;
  }

  std::string text;
  int calls = 0;
  Error error = Error::none;
};

class PutReaderBorrowingTest : public testing::Test {
 protected:
  Limits limits_;
  RecordingSink sink_;
  PutReader reader_{limits_, sink_};
};

TEST_F(PutReaderBorrowingTest, LeavesWhatIsPlainAndWholeWhereItIs) {
  const std::string body = put("the key", "the value");
  EXPECT_EQ(reader_.take(body), Error::none);
  EXPECT_EQ(reader_.finish(), Error::none);
  EXPECT_EQ(reader_.key().data(), body.data() + body.find("the key"));
  EXPECT_TRUE(reader_.value_borrowed());
  EXPECT_EQ(reader_.borrowed_value(), "the value");
  EXPECT_EQ(reader_.borrowed_value().data(), body.data() + body.find("the value"));
  EXPECT_EQ(sink_.calls, 0);
}

TEST_F(PutReaderBorrowingTest, LeavesAnEmptyValueWhereItIs) {
  const std::string body = put("k", "");
  EXPECT_EQ(reader_.take(body), Error::none);
  EXPECT_EQ(reader_.finish(), Error::none);
  EXPECT_TRUE(reader_.value_borrowed());
  EXPECT_EQ(reader_.borrowed_value(), "");
  EXPECT_EQ(reader_.keep(), Error::none);
  EXPECT_EQ(sink_.calls, 0);
}

TEST_F(PutReaderBorrowingTest, LeavesAValueWhereItIsWhenOnlyTheRestIsCut) {
  const std::string body = put("k", "the value");
  const std::size_t end = body.size() - 2;  // its quote comes in the next piece
  EXPECT_EQ(reader_.take(body.substr(0, 0)), Error::none);
  EXPECT_EQ(reader_.take(std::string_view(body).substr(0, end)), Error::none);
  EXPECT_EQ(reader_.take(std::string_view(body).substr(end)), Error::none);
  EXPECT_EQ(reader_.finish(), Error::none);
  EXPECT_EQ(reader_.borrowed_value(), "the value");
}

TEST_F(PutReaderBorrowingTest, KeepCopiesWhatIsBorrowed) {
  std::string body = put("the key", "the value");
  EXPECT_EQ(reader_.take(body), Error::none);
  EXPECT_EQ(reader_.keep(), Error::none);
  body.assign(body.size(), '!');
  EXPECT_EQ(reader_.finish(), Error::none);
  EXPECT_EQ(reader_.key(), "the key");
  EXPECT_FALSE(reader_.value_borrowed());
  EXPECT_EQ(sink_.text, "the value");
  EXPECT_EQ(sink_.calls, 1);
}

TEST_F(PutReaderBorrowingTest, GivesEachPieceOnToTheSink) {
  for (const char* piece : {R"({"value":"ab)", "cd", "ef", R"(","key":"k"})"}) {
    EXPECT_EQ(reader_.take(piece), Error::none);
    EXPECT_EQ(reader_.keep(), Error::none);
  }
  EXPECT_EQ(reader_.finish(), Error::none);
  EXPECT_EQ(sink_.text, "abcdef");
  EXPECT_EQ(sink_.calls, 3);
  EXPECT_EQ(reader_.value_size(), 6U);
}

TEST_F(PutReaderBorrowingTest, AnErrorOfTheSinkEndsThePut) {
  sink_.error = Error::value_does_not_fit;
  EXPECT_EQ(reader_.take(put("k", R"(a\n)")), Error::value_does_not_fit);
  EXPECT_EQ(sink_.calls, 1);
  EXPECT_EQ(reader_.take("x"), Error::value_does_not_fit);
  EXPECT_EQ(reader_.keep(), Error::value_does_not_fit);
  EXPECT_EQ(reader_.finish(), Error::value_does_not_fit);
  EXPECT_EQ(sink_.calls, 1);
}

TEST_F(PutReaderBorrowingTest, AnErrorOfTheSinkOnKeepingEndsThePut) {
  sink_.error = Error::value_does_not_fit;
  const std::string body = put("k", "a");
  EXPECT_EQ(reader_.take(body), Error::none);
  EXPECT_EQ(reader_.keep(), Error::value_does_not_fit);
  EXPECT_EQ(reader_.finish(), Error::value_does_not_fit);
}

TEST_F(PutReaderBorrowingTest, AValueIsTooLargeAsSoonAsItIs) {
  const std::string half(std::size_t{1} << 19, 'x');
  EXPECT_EQ(reader_.take(R"({"value":")"), Error::none);
  EXPECT_EQ(reader_.take(half), Error::none);
  EXPECT_EQ(reader_.take(half), Error::none);
  EXPECT_EQ(reader_.take("x"), Error::value_too_large);
  EXPECT_EQ(reader_.finish(), Error::value_too_large);
}

// Makes bodies that are puts, or nearly so.
class BodyMaker {
 public:
  explicit BodyMaker(std::uint32_t seed) : random_(seed) {}

  std::string body() {
    std::string text = "{";
    for (std::size_t i = below(5); i > 0; --i) {
      text += space() + name() + space() + ":" + space() + value(3) + space() + ",";
    }
    text += R"("key":)" + string() + R"(,"value":)" + string() + "}" + space();
    if (below(4) == 0) text[below(text.size())] = any_byte();
    return text;
  }

  std::vector<std::size_t> cuts(std::size_t size) {
    std::vector<std::size_t> places;
    for (std::size_t at = below(9); at <= size; at += below(9)) places.push_back(at);
    return places;
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }
  std::string one_of(const std::vector<std::string>& texts) { return texts[below(texts.size())]; }
  std::string space() { return one_of({"", "", "", " ", "\n\t"}); }
  char any_byte() { return static_cast<char>(1 + below(255)); }

  std::string name() {
    return one_of({R"("key")", R"("key")", R"("value")", R"("value")", R"("ttl")", R"("x")",
                   R"("\u006bey")", R"("valu\u0065")", R"("keys")", "\"\""});
  }

  std::string string() {
    std::string text = "\"";
    for (std::size_t i = below(10); i > 0; --i) {
      text += one_of({"a", "bcd", "0123456789abcdefg", "é", "€", "🦊", R"(\n)", R"(\")", R"(\\)",
                      R"(\u0001)", R"(\u00e9)", R"(\ud83e\udd8a)", R"(\/)"});
    }
    return text + "\"";
  }

  std::string number() {
    return one_of({"0", "1", "-1", "0.001", "0.0009", "12.3456", "1e2", "3e8", "4e8", "1E-2"});
  }

  std::string value(int depth) {
    switch (below(depth > 0 ? 10 : 8)) {
      case 0:
        return one_of({"true", "false", "null"});
      case 1:
      case 2:
        return number();
      case 8:
        return "[" + value(depth - 1) + "," + value(depth - 1) + "]";
      case 9:
        return "{" + name() + ":" + value(depth - 1) + "}";
      default:
        return string();
    }
  }

  std::mt19937 random_;
};

TEST(PutReaderTest, ReadsWhatNlohmannReads) {
  const Limits limits{.max_key_length = 20, .max_value_bytes = 40, .max_json_depth = 4};
  BodyMaker maker(20'240'229);
  int accepted = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string body = maker.body();
    const PutBody got = read_put(body, limits);
    const auto reference = test::reference_put(body, limits);
    ASSERT_TRUE(!reference || agrees(got, *reference)) << body;
    ASSERT_EQ(read_put(body, limits, maker.cuts(body.size()), i % 2 == 0), got) << body;
    if (got.error == Error::none) ++accepted;
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace cubby::protocol
