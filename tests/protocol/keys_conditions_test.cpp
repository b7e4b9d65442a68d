// Conditional requests on /v1/keys/{key} (RFC 9110, section 13).

#include <string>
#include <vector>

#include "protocol/keys_fixture.hpp"

namespace cubby::test {
namespace {

using namespace std::string_literals;

const std::string kValue = "value";
const std::string kTag = tag_of(kValue, kText);
const std::string kOther = "\"0000000000000000\"";

std::string if_match(const std::string& list) { return "If-Match: " + list + "\r\n"; }
std::string if_none_match(const std::string& list) { return "If-None-Match: " + list + "\r\n"; }

// Every operation, with what it answers when there is an entry.
struct Operation {
  std::string line;
  std::string body;
  int status;
  int absent_status;  // and when there is none
  bool is_get;        // 304 instead of 412
};

const std::vector<Operation> kOperations{
    {"GET /v1/keys/k", "", 200, 404, true},
    {"HEAD /v1/keys/k", "", 200, 404, true},
    {"GET /v1/keys/k?ttl=60", "", 200, 404, true},
    {"PUT /v1/keys/k", "new", 204, 201, false},
    {"PUT /v1/keys/k?ttl=60", std::string(300'000, 'x'), 204, 201, false},
    {"DELETE /v1/keys/k", "", 204, 404, false},
    {"POST /v1/keys/k/incr", "", 409, 200, false},
    {"POST /v1/keys/k/incr?initial=9223372036854775807", "", 409, 409, false},
    {"POST /v1/keys/k/append", std::string(1 << 20, 'x'), 413, 404, false},
    {"POST /v1/keys/k/append", "more", 200, 404, false},
    {"POST /v1/keys/k/prepend", std::string(300'000, 'x'), 200, 404, false},
    {"POST /v1/keys/k/touch?ttl=60", "", 204, 404, false},
    {"POST /v1/keys/k/take", "", 200, 404, false},
};

class KeyConditionsTest : public KeysTest {
 protected:
  // What an operation answers under conditions, on an entry that has kTag or on none. When it is
  // refused, nothing must have changed.
  int status_of(const Operation& operation, const std::string& fields, bool is_there,
                std::size_t piece) {
    world_.cache.clear();
    if (is_there) store("k", kValue);
    const ReceivedReply reply = ask({operation.line, fields, operation.body}, piece);
    if (reply.status >= 400 || reply.status == 304) {
      EXPECT_EQ(value_of("k"), is_there ? std::optional(kValue) : std::nullopt) << operation.line;
    }
    if (reply.status == 412 && !operation.line.starts_with("HEAD")) {
      EXPECT_EQ(problem_of(reply), "precondition-failed");
    }
    return reply.status;
  }
};

TEST_F(KeyConditionsTest, HoldForEveryOperation) {
  enum Verdict { met, if_match_false, if_none_match_false };
  const struct {
    std::string fields;
    Verdict there;
    Verdict absent;
  } cases[] = {
      {"", met, met},
      {if_match("*"), met, if_match_false},
      {if_match(kTag), met, if_match_false},
      {if_match(kOther), if_match_false, if_match_false},
      {if_match("W/" + kTag), if_match_false, if_match_false},
      {if_match(kOther + ", " + kTag), met, if_match_false},
      {if_match(kOther) + if_match(kTag), met, if_match_false},
      {if_match("\"a\",," + kOther), if_match_false, if_match_false},
      {if_none_match("*"), if_none_match_false, met},
      {if_none_match(kTag), if_none_match_false, met},
      {if_none_match("W/" + kTag), if_none_match_false, met},
      {if_none_match(kOther), met, met},
      {if_none_match(kOther + " ,\t" + kTag), if_none_match_false, met},
      {if_none_match(kOther) + if_none_match("W/" + kTag), if_none_match_false, met},
      {if_match(kTag) + if_none_match(kOther), met, if_match_false},
      {if_match(kTag) + if_none_match(kTag), if_none_match_false, if_match_false},
      {if_none_match(kTag) + if_match(kOther), if_match_false, if_match_false},
      {if_none_match("*") + if_match("*"), if_none_match_false, if_match_false},
  };
  for (const auto& [fields, there, absent] : cases) {
    for (const Operation& operation : kOperations) {
      for (const std::size_t piece : {~std::size_t{0}, std::size_t{20'000}}) {
        // What would fail anyhow fails in the same way (RFC 9110, section 13.2.1).
        const auto expected = [&](Verdict verdict, int status) {
          if (verdict == met || status >= 400) return status;
          return verdict == if_none_match_false && operation.is_get ? 304 : 412;
        };
        EXPECT_EQ(status_of(operation, fields, true, piece), expected(there, operation.status))
            << operation.line << "\n"
            << fields;
        EXPECT_EQ(status_of(operation, fields, false, piece),
                  expected(absent, operation.absent_status))
            << operation.line << " of nothing\n"
            << fields;
      }
    }
  }
}

// The list of keys and the batch are always there, and have no tag.
TEST_F(KeyConditionsTest, HoldForManyKeysToo) {
  const std::string batch = R"([{"op":"delete","key":"k"}])";
  const std::vector<Operation> operations{
      {"GET /v1/keys", "", 200, 200, true},
      {"HEAD /v1/keys", "", 200, 200, true},
      {"GET /v1/keys?cursor=x", "", 400, 400, true},
      {"DELETE /v1/keys?prefix=k", "", 200, 200, false},
      {"DELETE /v1/keys?all=true", "", 204, 204, false},
      {"DELETE /v1/keys", "", 400, 400, false},
      {"POST /v1/batch", batch, 200, 200, false},
      {"POST /v1/batch", "[" + std::string(300'000, ' ') + batch.substr(1), 200, 200, false},
      {"POST /v1/batch", "{}", 400, 400, false},
  };
  const struct {
    std::string fields;
    int status;  // 0: as without
  } cases[] = {
      {"", 0},
      {if_match("*"), 0},
      {if_match(kTag), 412},
      {if_match("*") + if_none_match(kTag), 0},
      {if_match("*") + if_none_match("*"), 304},
      {if_match(kTag) + if_none_match("*"), 412},
      {if_none_match(kTag), 0},
      {if_none_match("*"), 304},
      {if_match("x"), 400},
      {if_none_match("x"), 400},
  };
  for (const Operation& operation : operations) {
    for (const auto& [fields, status] : cases) {
      const int failed = status == 304 && !operation.is_get ? 412 : status;
      // What would fail anyhow fails in the same way (RFC 9110, section 13.2.1).
      const int expected = status == 0 || operation.status == 400 ? operation.status : failed;
      EXPECT_EQ(status_of(operation, fields, true, ~std::size_t{0}), expected)
          << operation.line << "\n"
          << fields;
    }
  }
}

TEST_F(KeyConditionsTest, NotModifiedSaysWhatGetWouldSay) {
  for (const std::size_t size : {0U, 5U, 5000U, 300'000U}) {
    const std::string value(size, 'v');
    ASSERT_LT(ask({"PUT /v1/keys/k?ttl=60", "Content-Encoding: br\r\n", value}).status, 300);
    pass(std::chrono::milliseconds(2500));
    const ReceivedReply got = ask("GET /v1/keys/k");
    for (const std::string method : {"GET", "HEAD"}) {
      const ReceivedReply same = ask({method + " /v1/keys/k", if_none_match(*got.field("ETag"))});
      EXPECT_EQ(same.status, 304);
      EXPECT_EQ(same.body, "");
      for (const char* name : {"ETag", "Age", "Cache-Control", "Date"}) {
        EXPECT_TRUE(same.field(name)) << name;
        EXPECT_EQ(same.field(name), got.field(name)) << name;
      }
    }
    EXPECT_EQ(ask({"GET /v1/keys/k", if_none_match(kOther)}).body, value);
  }
}

// What is known already is used as well.
TEST_F(KeyConditionsTest, NotModifiedGivesTheTtlToo) {
  ASSERT_EQ(ask({"PUT /v1/keys/k?ttl=10", "", "v"}).status, 201);
  const std::string tag = *ask("GET /v1/keys/k").field("ETag");
  EXPECT_EQ(ask({"GET /v1/keys/k?ttl=100", if_none_match(tag)}).status, 304);
  pass(std::chrono::seconds(50));
  EXPECT_EQ(value_of("k"), "v");
  EXPECT_EQ(ask({"GET /v1/keys/k?ttl=100", if_match(kOther)}).status, 412);
  pass(std::chrono::seconds(50));
  EXPECT_EQ(value_of("k"), std::nullopt);
}

TEST_F(KeyConditionsTest, AnEntryThatHasExpiredIsNone) {
  ASSERT_EQ(ask({"PUT /v1/keys/k?ttl=1", "", "v"}).status, 201);
  const std::string tag = *ask("GET /v1/keys/k").field("ETag");
  pass(std::chrono::seconds(1));
  EXPECT_EQ(ask({"PUT /v1/keys/k", if_match("*"), "w"}).status, 412);
  EXPECT_EQ(ask({"PUT /v1/keys/k", if_match(tag), "w"}).status, 412);
  EXPECT_EQ(ask({"GET /v1/keys/k", if_none_match("*")}).status, 404);
  EXPECT_EQ(ask({"PUT /v1/keys/k", if_none_match("*"), "w"}).status, 201);
}

TEST_F(KeyConditionsTest, ATagIsOfTypeAndEncodingToo) {
  store("k", "v", kText);
  EXPECT_EQ(ask({"PUT /v1/keys/k", if_match(tag_of("v", kBytes)), "w"}).status, 412);
  EXPECT_EQ(ask({"PUT /v1/keys/k", if_match(tag_of("v", kText, "gzip")), "w"}).status, 412);
  EXPECT_EQ(ask({"PUT /v1/keys/k", if_match(tag_of("v", kText)), "w"}).status, 204);
  ASSERT_EQ(ask({"POST /put", "", put_body("k", "v")}).status, 200);
  EXPECT_EQ(ask({"PUT /v1/keys/k", if_match(tag_of("v", kText)), "w"}).status, 204);
}

// Compare-and-set, as a client does it.
TEST_F(KeyConditionsTest, ALoopOfTagsGoesOn) {
  std::string tag = *ask({"PUT /v1/keys/k", if_none_match("*"), "0"}).field("ETag");
  for (int i = 1; i < 100; ++i) {
    const Asked next{"PUT /v1/keys/k", if_match(tag), std::to_string(i)};
    const ReceivedReply stored = ask(next);
    ASSERT_EQ(stored.status, 204);
    ASSERT_EQ(ask(next).status, 412);
    tag = *stored.field("ETag");
  }
  EXPECT_EQ(value_of("k"), "99");
}

}  // namespace
}  // namespace cubby::test
