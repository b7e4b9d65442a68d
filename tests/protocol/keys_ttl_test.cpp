// How long an entry lives, and what its fields say of that.

#include <chrono>
#include <optional>
#include <string>

#include "protocol/keys_fixture.hpp"

namespace cubby::test {
namespace {

using namespace std::string_literals;
using std::chrono::milliseconds;
using std::chrono::seconds;

class KeyTtlTest : public KeysTest {
 protected:
  using KeysTest::KeysTest;

  // What Cache-Control says is left; nothing when there is no such field.
  std::optional<std::string> left() { return ask("GET /v1/keys/k").field("Cache-Control"); }

  void expect_to_end_in(milliseconds time, const std::string& how) {
    pass(time - milliseconds(1));
    EXPECT_TRUE(value_of("k")) << how;
    pass(milliseconds(1));
    EXPECT_FALSE(value_of("k")) << how;
  }
};

TEST_F(KeyTtlTest, IsAskedForWithTheRequest) {
  const struct {
    std::string query;
    std::string fields;
    std::optional<milliseconds> ttl;
  } cases[] = {
      {"", "", std::nullopt},
      {"?ttl=30", "", seconds(30)},
      {"?ttl=0.001", "", milliseconds(1)},
      {"?ttl=1.5", "", milliseconds(1500)},
      {"?ttl=1e1", "", seconds(10)},
      {"?%74tl=%33", "", seconds(3)},
      {"", "Cache-Control: max-age=30\r\n", seconds(30)},
      {"", "cache-control: MAX-AGE=30\r\n", seconds(30)},
      {"", "Cache-Control: max-age=\"30\"\r\n", seconds(30)},
      {"", "Cache-Control: no-transform,max-age=30 , x=y\r\n", seconds(30)},
      {"", "Cache-Control: no-cache\r\nCache-Control: max-age=30\r\n", seconds(30)},
      {"", "Cache-Control: max-age=007\r\n", seconds(7)},
      {"?ttl=5", "Cache-Control: max-age=30\r\n", seconds(5)},
      {"?ttl=5", "Cache-Control: max-age=0\r\n", seconds(5)},
      // Browsers send these by themselves, and what is no number says nothing.
      {"", "Cache-Control: max-age=0\r\n", std::nullopt},
      {"", "Cache-Control: no-cache\r\n", std::nullopt},
      {"", "Cache-Control: no-store, must-revalidate\r\n", std::nullopt},
      {"", "Cache-Control: s-maxage=30\r\n", std::nullopt},
      {"", "Cache-Control: max-age\r\n", std::nullopt},
      {"", "Cache-Control: max-age=\r\n", std::nullopt},
      {"", "Cache-Control: max-age=-1\r\n", std::nullopt},
      {"", "Cache-Control: max-age=1.5\r\n", std::nullopt},
      {"", "Cache-Control: max-age=x\r\n", std::nullopt},
      {"", "Cache-Control: max-age=\"\r\n", std::nullopt},
      {"", "Cache-Control: max-age=\"\"\r\n", std::nullopt},
      {"", "Cache-Control:\r\n", std::nullopt},
  };
  for (const std::size_t size : {std::size_t{1}, std::size_t{100'000}}) {
    for (const auto& [query, fields, ttl] : cases) {
      for (const std::size_t piece : {~std::size_t{0}, std::size_t{30'000}}) {
        world_.cache.clear();
        const Asked put{"PUT /v1/keys/k" + query, fields, std::string(size, 'v')};
        ASSERT_EQ(ask(put, piece).status, 201) << query << fields;
        if (ttl) {
          expect_to_end_in(*ttl, query + fields);
        } else {
          EXPECT_EQ(left(), std::nullopt) << query << fields;
          pass(std::chrono::hours(24));
          EXPECT_TRUE(value_of("k")) << query << fields;
        }
      }
    }
  }
}

TEST_F(KeyTtlTest, IsAtMostTenYears) {
  ASSERT_EQ(ask({"PUT /v1/keys/k?ttl=315360000", "", "v"}).status, 201);
  EXPECT_EQ(left(), "max-age=315360000");
  EXPECT_EQ(problem_of(ask({"PUT /v1/keys/k?ttl=315360001", "", "v"})), "bad-ttl");
  for (const char* most : {"315360000", "315360001", "9999999999", "99999999999999999999999999"}) {
    ASSERT_EQ(ask({"PUT /v1/keys/k", "Cache-Control: max-age="s + most + "\r\n", "v"}).status, 204);
    EXPECT_EQ(left(), "max-age=315360000") << most;
  }
}

TEST_F(KeyTtlTest, MaxAgeIsWhatIsLeftInWholeSeconds) {
  ASSERT_EQ(ask({"PUT /v1/keys/k?ttl=10", "", "v"}).status, 201);
  EXPECT_EQ(left(), "max-age=10");
  pass(milliseconds(1));
  EXPECT_EQ(left(), "max-age=9");
  pass(milliseconds(999));
  EXPECT_EQ(left(), "max-age=9");
  pass(milliseconds(8001));
  EXPECT_EQ(left(), "max-age=0");
  EXPECT_EQ(ask("HEAD /v1/keys/k").field("Cache-Control"), "max-age=0");
  pass(milliseconds(999));
  EXPECT_EQ(ask("GET /v1/keys/k").status, 404);
}

TEST_F(KeyTtlTest, MaxAgeIsSaidOfWhatCameByPut) {
  ASSERT_EQ(ask({"POST /put", "", put_body("k", "v", R"(,"ttl":7.9)")}).status, 200);
  EXPECT_EQ(left(), "max-age=7");
  ASSERT_EQ(ask({"POST /put", "", put_body("k", "v")}).status, 200);
  EXPECT_EQ(left(), std::nullopt);
}

TEST_F(KeyTtlTest, AgeIsSinceItWasStored) {
  for (const std::size_t size : {1U, 5000U, 100'000U, 300'000U}) {
    ASSERT_LT(ask({"PUT /v1/keys/k", "", std::string(size, 'v')}, 10'000).status, 300);
    const auto age = [this] { return ask("GET /v1/keys/k").field("Age"); };
    EXPECT_EQ(age(), "0");
    pass(milliseconds(1000));
    EXPECT_EQ(age(), "1");
    pass(std::chrono::hours(1));
    EXPECT_EQ(age(), "3601");
    EXPECT_EQ(ask("HEAD /v1/keys/k").field("Age"), "3601");
    // To use it makes it no younger, and to change it does.
    EXPECT_EQ(ask("POST /v1/keys/k/touch?ttl=60").status, 204);
    EXPECT_EQ(ask("GET /v1/keys/k?ttl=60").field("Age"), "3601");
    EXPECT_EQ(age(), "3601");
    EXPECT_EQ(ask({"POST /v1/keys/k/append", "", "w"}).status, 200);
    EXPECT_EQ(age(), "0");
    pass(seconds(2));
    EXPECT_EQ(ask("POST /v1/keys/k/take").field("Age"), "2");
  }
  EXPECT_EQ(ask("POST /v1/keys/k/incr").status, 200);
  pass(seconds(3));
  EXPECT_EQ(ask("GET /v1/keys/k").field("Age"), "3");
  EXPECT_EQ(ask("POST /v1/keys/k/incr").status, 200);
  EXPECT_EQ(ask("GET /v1/keys/k").field("Age"), "0");
}

// The system's clock may be put back.
TEST_F(KeyTtlTest, AgeIsNeverLessThanNothing) {
  store("k", "v");
  world_.date.update(kTestTime - seconds(100));
  EXPECT_EQ(ask("GET /v1/keys/k").field("Age"), "0");
}

TEST_F(KeyTtlTest, OfWhatCameByPutThereIsNoAge) {
  ASSERT_EQ(ask({"POST /put", "", put_body("k", "1")}).status, 200);
  EXPECT_EQ(ask("GET /v1/keys/k").field("Age"), std::nullopt);
  EXPECT_EQ(ask("POST /v1/keys/k/incr").status, 200);
  EXPECT_EQ(ask({"POST /v1/keys/k/append", "", "2"}).status, 200);
  const ReceivedReply reply = ask("GET /v1/keys/k");
  EXPECT_EQ(reply.field("Age"), std::nullopt);
  EXPECT_EQ(reply.field("Content-Type"), kText);
  EXPECT_EQ(reply.body, "22");
}

TEST_F(KeyTtlTest, TouchAndGetGiveANewOne) {
  for (const char* line :
       {"POST /v1/keys/k/touch?ttl=60", "GET /v1/keys/k?ttl=60", "HEAD /v1/keys/k?ttl=60"}) {
    for (const char* query : {"", "?ttl=10"}) {
      world_.cache.clear();
      ASSERT_EQ(ask({"PUT /v1/keys/k"s + query, "", "v"}).status, 201);
      pass(seconds(5));
      EXPECT_LT(ask(line).status, 300) << line;
      EXPECT_EQ(left(), "max-age=60") << line;
      expect_to_end_in(seconds(60), line);
    }
  }
}

TEST_F(KeyTtlTest, IsKeptByWhatSaysNothingOfIt) {
  for (const char* line : {"POST /v1/keys/k/touch", "GET /v1/keys/k", "POST /v1/keys/k/incr",
                           "POST /v1/keys/k/append", "POST /v1/keys/k/prepend"}) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{300'000}}) {
      const bool is_joined = std::string(line).ends_with("end");
      if (size > 0 && !is_joined) continue;
      world_.cache.clear();
      ASSERT_EQ(ask({"PUT /v1/keys/k?ttl=10", "", "1"}).status, 201);
      pass(seconds(4));
      EXPECT_LT(ask({line, "", std::string(size, '1')}).status, 300) << line;
      EXPECT_EQ(left(), "max-age=6") << line;
      expect_to_end_in(seconds(6), line);
    }
  }
}

TEST_F(KeyTtlTest, PutWithoutOneEndsTheOldOne) {
  ASSERT_EQ(ask({"PUT /v1/keys/k?ttl=10", "", "v"}).status, 201);
  ASSERT_EQ(ask({"PUT /v1/keys/k", "", "v"}).status, 204);
  EXPECT_EQ(left(), std::nullopt);
}

TEST_F(KeyTtlTest, IncrementHasOneOfItsOwn) {
  ASSERT_EQ(ask("POST /v1/keys/k/incr?ttl=10").status, 200);
  EXPECT_EQ(left(), "max-age=10");
  pass(seconds(3));
  ASSERT_EQ(ask("POST /v1/keys/k/incr").status, 200);
  EXPECT_EQ(left(), "max-age=7");
  ASSERT_EQ(ask("POST /v1/keys/k/incr?ttl=20").status, 200);
  EXPECT_EQ(left(), "max-age=20");
  expect_to_end_in(seconds(20), "incr");
  EXPECT_EQ(ask("POST /v1/keys/k/incr").body, "1");
  EXPECT_EQ(left(), std::nullopt);
}

class KeyDefaultTtlTest : public KeyTtlTest {
 protected:
  KeyDefaultTtlTest() : KeyTtlTest({}, {.default_ttl = seconds(100)}) {}
};

TEST_F(KeyDefaultTtlTest, IsForNewEntriesThatAskForNone) {
  ASSERT_EQ(ask({"PUT /v1/keys/k", "Cache-Control: max-age=0\r\n", "1"}).status, 201);
  EXPECT_EQ(left(), "max-age=100");
  ASSERT_EQ(ask({"PUT /v1/keys/k?ttl=7", "", "1"}).status, 204);
  EXPECT_EQ(left(), "max-age=7");
  for (const char* line : {"POST /v1/keys/k/incr", "POST /v1/keys/k/touch", "GET /v1/keys/k",
                           "POST /v1/keys/k/append"}) {
    EXPECT_LT(ask(line).status, 300);
    EXPECT_EQ(left(), "max-age=7") << line;
  }
  ASSERT_EQ(ask({"PUT /v1/keys/k", "", "1"}).status, 204);
  EXPECT_EQ(left(), "max-age=100");
  ASSERT_EQ(ask("DELETE /v1/keys/k").status, 204);
  ASSERT_EQ(ask("POST /v1/keys/k/incr").status, 200);
  EXPECT_EQ(left(), "max-age=100");
}

class KeyJitterTest : public KeyTtlTest {
 protected:
  KeyJitterTest() : KeyTtlTest({}, {.default_ttl = seconds(1000), .jitter = 0.1}) {}
};

// Wherever a time to live is given, none is longer, and some are shorter by up to a tenth.
TEST_F(KeyJitterTest, ShortensEveryTimeToLive) {
  for (const char* line : {"PUT /v1/keys/k", "PUT /v1/keys/k?ttl=1000", "GET /v1/keys/k?ttl=1000",
                           "POST /v1/keys/k/touch?ttl=1000", "POST /v1/keys/k/incr?ttl=1000"}) {
    int least = 1000;
    int most = 0;
    ask({"PUT /v1/keys/k?ttl=5", "", "1"});
    for (int i = 0; i < 200; ++i) {
      EXPECT_LT(ask({line, "", "1"}).status, 300);
      const std::string field = left().value();
      const int given = std::stoi(field.substr(field.find('=') + 1));
      least = std::min(least, given);
      most = std::max(most, given);
    }
    EXPECT_GE(least, 900) << line;
    EXPECT_LT(least, 920) << line;
    EXPECT_LE(most, 1000) << line;
    EXPECT_GT(most, 980) << line;
  }
}

}  // namespace
}  // namespace cubby::test
