// What each operation on /v1/keys/{key} answers, as conversations.

#include <string>
#include <vector>

#include "protocol/keys_fixture.hpp"

namespace cubby::test {
namespace {

using namespace std::string_literals;

class KeyOperationsTest : public KeysTest {};

TEST_F(KeyOperationsTest, PutGetDelete) {
  play({
      {{"GET /v1/keys/k"}, 404, "key-not-found"},
      {{"HEAD /v1/keys/k"}, 404},
      {{"DELETE /v1/keys/k"}, 404, "key-not-found"},
      {{"PUT /v1/keys/k", "", "value"}, 201},
      {{"GET /v1/keys/k"}, 200, "value"},
      {{"HEAD /v1/keys/k"}, 200},
      {{"PUT /v1/keys/k", "", "another"}, 204},
      {{"GET /v1/keys/k"}, 200, "another"},
      {{"PUT /v1/keys/k", "", ""}, 204},
      {{"GET /v1/keys/k"}, 200, ""},
      {{"DELETE /v1/keys/k"}, 204},
      {{"GET /v1/keys/k"}, 404, "key-not-found"},
      {{"PUT /v1/keys/k", "", "value"}, 201},
      {{"DELETE /v1/keys/k", "", "a body that nobody wants"}, 204},
  });
}

TEST_F(KeyOperationsTest, Take) {
  play({
      {{"POST /v1/keys/k/take"}, 404, "key-not-found"},
      {{"PUT /v1/keys/k", "", "value"}, 201},
      {{"POST /v1/keys/k/take"}, 200, "value"},
      {{"POST /v1/keys/k/take"}, 404, "key-not-found"},
      {{"GET /v1/keys/k"}, 404, "key-not-found"},
      {{"PUT /v1/keys/k", "", "again"}, 201},
      {{"POST /v1/keys/k/take", "", "a body that nobody wants"}, 200, "again"},
  });
}

TEST_F(KeyOperationsTest, Touch) {
  play({
      {{"POST /v1/keys/k/touch?ttl=60"}, 404, "key-not-found"},
      {{"PUT /v1/keys/k", "", "value"}, 201},
      {{"POST /v1/keys/k/touch?ttl=60"}, 204},
      {{"POST /v1/keys/k/touch"}, 204},
      {{"POST /v1/keys/k/touch", "", "a body that nobody wants"}, 204},
      {{"GET /v1/keys/k"}, 200, "value"},
  });
}

TEST_F(KeyOperationsTest, Increment) {
  play({
      {{"POST /v1/keys/k/incr"}, 200, "1"},
      {{"POST /v1/keys/k/incr"}, 200, "2"},
      {{"POST /v1/keys/k/incr?by=5"}, 200, "7"},
      {{"POST /v1/keys/k/incr?by=-10"}, 200, "-3"},
      {{"POST /v1/keys/k/incr?by=0"}, 200, "-3"},
      {{"POST /v1/keys/k/incr?initial=100"}, 200, "-2"},
      {{"GET /v1/keys/k"}, 200, "-2"},
      {{"GET /get?key=k"}, 200, R"({"status":"OK","key":"k","value":"-2"})"},
      {{"POST /v1/keys/l/incr?initial=100"}, 200, "101"},
      {{"POST /v1/keys/m/incr?by=5&initial=-5"}, 200, "0"},
      {{"POST /v1/keys/m/incr", "", "a body that nobody wants"}, 200, "1"},
  });
}

TEST_F(KeyOperationsTest, AppendAndPrepend) {
  play({
      {{"POST /v1/keys/k/append", "", "x"}, 404, "key-not-found"},
      {{"POST /v1/keys/k/prepend", "", "x"}, 404, "key-not-found"},
      {{"GET /v1/keys/k"}, 404, "key-not-found"},
      {{"PUT /v1/keys/k", "", "b"}, 201},
      {{"POST /v1/keys/k/append", "", "cd"}, 200, "3"},
      {{"POST /v1/keys/k/prepend", "", "a"}, 200, "4"},
      {{"GET /v1/keys/k"}, 200, "abcd"},
      {{"POST /v1/keys/k/append"}, 200, "4"},
      {{"POST /v1/keys/k/append", "", "\0\xFF"s}, 200, "6"},
      {{"GET /v1/keys/k"}, 200, "abcd\0\xFF"s},
      {{"POST /v1/keys/k/append", "Content-Encoding: gzip\r\n", "x"}, 415, "body-encoded"},
      {{"POST /v1/keys/k/prepend", "Content-Encoding: br\r\n", "x"}, 415, "body-encoded"},
      {{"POST /v1/keys/k/append", "Content-Encoding: identity\r\n", "x"}, 200, "7"},
  });
  EXPECT_EQ(
      ask({"POST /v1/keys/k/append", "Content-Encoding: gzip\r\n", "x"}).field("Accept-Encoding"),
      "identity");
}

TEST_F(KeyOperationsTest, Errors) {
  play({
      {{"GET /v1/keys/"}, 400, "key-empty"},
      {{"PUT /v1/keys/", "", "v"}, 400, "key-empty"},
      {{"POST /v1/keys//incr"}, 400, "key-empty"},
      {{"GET /v1/keys/%"}, 400, "bad-escape"},
      {{"GET /v1/keys/%f"}, 400, "bad-escape"},
      {{"GET /v1/keys/%fg"}, 400, "bad-escape"},
      {{"GET /v1/keys/%FF"}, 400, "key-not-utf8"},
      {{"GET /v1/keys/" + std::string(257, 'a')}, 400, "key-too-long"},
      {{"PUT /v1/keys/" + std::string(257, 'a'), "", "v"}, 400, "key-too-long"},
      {{"GET /v1/keys/a/b"}, 404, "unknown-path"},
      {{"GET /v1/keys/a/"}, 404, "unknown-path"},
      {{"POST /v1/keys/a/decr"}, 404, "unknown-path"},
      {{"GET /v1"}, 404, "unknown-path"},
      {{"GET /v1/"}, 404, "unknown-path"},
      {{"POST /v1/keys/a"}, 405, "wrong-method"},
      {{"PATCH /v1/keys/a"}, 405, "wrong-method"},
      {{"GET /v1/keys/a/incr"}, 405, "wrong-method"},
      {{"PUT /v1/keys/a/append", "", "x"}, 405, "wrong-method"},
      {{"BREW /v1/keys/a"}, 501, "unknown-method"},
      {{"GET /v1/keys/a?x=1"}, 400, "unknown-parameter"},
      {{"GET /v1/keys/a?by=1"}, 400, "unknown-parameter"},
      {{"PUT /v1/keys/a?initial=1", "", "v"}, 400, "unknown-parameter"},
      {{"DELETE /v1/keys/a?ttl=1"}, 400, "unknown-parameter"},
      {{"POST /v1/keys/a/take?ttl=1"}, 400, "unknown-parameter"},
      {{"POST /v1/keys/a/append?ttl=1", "", "v"}, 400, "unknown-parameter"},
      {{"GET /v1/keys/a?ttl=1&ttl=1"}, 400, "repeated-parameter"},
      {{"POST /v1/keys/a/incr?by=1&by=1"}, 400, "repeated-parameter"},
      {{"PUT /v1/keys/a?ttl=0", "", "v"}, 400, "bad-ttl"},
      {{"PUT /v1/keys/a?ttl=", "", "v"}, 400, "bad-ttl"},
      {{"POST /v1/keys/a/touch?ttl=x"}, 400, "bad-ttl"},
      {{"POST /v1/keys/a/incr?ttl=-1"}, 400, "bad-ttl"},
      {{"POST /v1/keys/a/incr?by=1.5"}, 400, "bad-number"},
      {{"POST /v1/keys/a/incr?initial=9223372036854775808"}, 400, "bad-number"},
      {{"GET /v1/keys/a?ttl=%zz"}, 400, "bad-escape"},
      {{"PUT /v1/keys/a", "Content-Type: a/b\r\nContent-Type: a/b\r\n", "v"},
       400,
       "bad-content-type"},
      {{"PUT /v1/keys/a", "Content-Type: " + std::string(256, 't') + "\r\n", "v"},
       400,
       "bad-content-type"},
      {{"PUT /v1/keys/a", "Content-Encoding: br\r\nContent-Encoding: br\r\n", "v"},
       400,
       "bad-content-encoding"},
      {{"PUT /v1/keys/a", "Content-Encoding: " + std::string(256, 'e') + "\r\n", "v"},
       400,
       "bad-content-encoding"},
      {{"PUT /v1/keys/a", "Content-Range: bytes 0-0/2\r\n", "v"}, 400, "partial-value"},
      {{"PUT /v1/keys/a", "Content-Range: bytes 0-99999/200000\r\n", std::string(100'000, 'v')},
       400,
       "partial-value"},
      {{"PUT /v1/keys/a", "If-Match: x\r\n", "v"}, 400, "bad-etag"},
      {{"GET /v1/keys/a", "If-None-Match: \"a\r\n"}, 400, "bad-etag"},
      {{"DELETE /v1/keys/a", "If-Match: *, \"a\"\r\n"}, 400, "bad-etag"},
      {{"POST /v1/keys/a/incr", "If-Match: \"a\r\n"}, 400, "bad-etag"},
      {{"POST /v1/keys/a/touch", "If-Match: a\r\n"}, 400, "bad-etag"},
      {{"POST /v1/keys/a/append", "If-None-Match: w/\"a\"\r\n", "v"}, 400, "bad-etag"},
      {{"POST /v1/keys/a/take", "If-None-Match: \"a\" \"b\"\r\n"}, 400, "bad-etag"},
      {{"GET /v1/keys/a"}, 404, "key-not-found"},
  });
  EXPECT_EQ(world_.cache.stats().inserts, 0U);
}

TEST_F(KeyOperationsTest, TheAllowedMethodsAreTold) {
  EXPECT_EQ(ask("POST /v1/keys/a").field("Allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
  EXPECT_EQ(ask("GET /v1/keys/a/incr").field("Allow"), "POST, OPTIONS");
  EXPECT_EQ(ask("OPTIONS /v1/keys/a").field("Allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
}

// As sent in the path, and as /get would have it.
TEST_F(KeyOperationsTest, KeysAreAnything) {
  const struct {
    std::string segment;
    std::string query;
  } cases[] = {
      {"a", "a"},
      {"%61", "a"},
      {"a%2Fb", "a/b"},
      {"%2F", "%2f"},
      {"a+b", "a%2Bb"},
      {"a%2Bb", "a%2Bb"},
      {"a%20b", "a+b"},
      {"%25", "%25"},
      {"%2525", "%2525"},
      {"%3F%23%26", "%3F%23%26"},
      {"a&b=c;d", "a%26b=c;d"},
      {".", "."},
      {"..", ".."},
      {"%2E%2E", ".."},
      {"%00", "%00"},
      {"%0D%0A", "%0d%0a"},
      {"incr", "incr"},
      {"k%2Fincr", "k/incr"},
      {"%F0%9F%A6%8A", "%F0%9F%A6%8A"},
      {std::string(256, 'x'), std::string(256, 'x')},
      {std::string(255, 'x') + "%41", std::string(255, 'x') + "A"},
  };
  for (const auto& [segment, query] : cases) {
    world_.cache.clear();
    const std::string value = "of " + segment;
    EXPECT_EQ(ask({"PUT /v1/keys/" + segment, "", value}).status, 201) << segment;
    EXPECT_EQ(value_of(segment), value) << segment;
    EXPECT_NE(ask("GET /get?key=" + query).body.find(value), std::string::npos) << segment;
    EXPECT_EQ(ask("POST /v1/keys/" + segment + "/touch").status, 204) << segment;
    EXPECT_EQ(ask("POST /v1/keys/" + segment + "/take").body, value) << segment;
    EXPECT_EQ(ask("GET /get?key=" + query).status, 404) << segment;
  }
}

TEST_F(KeyOperationsTest, KeysAreCountedInCharacters) {
  const auto repeat = [](const std::string& text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += text;
    return all;
  };
  for (const char* character : {"a", "%61", "%C3%A9", "%F0%9F%A6%8A"}) {
    EXPECT_EQ(ask({"PUT /v1/keys/" + repeat(character, 256), "", "v"}).status / 100, 2);
    const ReceivedReply reply = ask({"PUT /v1/keys/" + repeat(character, 257), "", "v"});
    EXPECT_EQ(problem_of(reply), "key-too-long") << character;
    EXPECT_EQ(value_of(repeat(character, 256)), "v");
  }
}

// The room that a change needs, and its body, is not that of the entry which it is of.
TEST_F(KeyOperationsTest, WhatIsChangedIsNotEvictedForIt) {
  const std::string value(500'000, 'v');
  const std::string other(500'000, 'o');
  const std::vector<Asked> changes{
      {"POST /v1/keys/k/append", "", "more"},
      {"POST /v1/keys/k/prepend", "", other},
      {"PUT /v1/keys/k", "If-Match: " + tag_of(value, kText) + "\r\n", other},
      {"PUT /v1/keys/k", "If-Match: \"0\", " + tag_of(value, kText) + "\r\n", other + other},
      {"POST /v1/batch", "",
       R"([{"op":"put","key":"k","value":")" + other + R"(!","if_match":"*"}])"},
  };
  std::vector<std::string> fillers;
  for (const Asked& asked : changes) {
    for (const std::size_t piece : {~std::size_t{0}, std::size_t{30'000}}) {
      store("k", value);
      const auto evictions = [this] { return world_.cache.stats().evictions; };
      for (const auto before = evictions(); evictions() == before;) {
        world_.cache.touch(world_.cache.prepare("k"));
        fillers.push_back("f" + std::to_string(fillers.size()));
        store(fillers.back(), value);
      }
      for (const std::string& filler : fillers) world_.cache.touch(world_.cache.prepare(filler));
      const ReceivedReply reply = ask(asked, piece);
      EXPECT_TRUE(reply.status == 200 || reply.status == 204) << reply.status << " " << asked.line;
      EXPECT_EQ(reply.body.find("412"), std::string::npos) << reply.body;
      EXPECT_NE(value_of("k"), std::nullopt) << asked.line;
    }
  }
}

class LargeKeysTest : public KeysTest {
 protected:
  LargeKeysTest() : KeysTest({.max_value_bytes = std::size_t{48} << 20}) {}

  const std::string filler_ = std::string(std::size_t{1} << 20, 'f');
};

// Of 64 MiB. Unconditional, it replaces the other.
TEST_F(LargeKeysTest, WhatCannotBeThereBesideWhatItDependsOnIsRefused) {
  const std::string value(std::size_t{35} << 20, 'v');
  const std::string other(std::size_t{35} << 20, 'o');
  store("k", value);
  for (const std::size_t piece : {~std::size_t{0}, std::size_t{1} << 20}) {
    for (const char* condition : {"If-Match: *", "If-Match: \"x\"", "If-None-Match: *"}) {
      const ReceivedReply reply =
          ask({"PUT /v1/keys/k", std::string(condition) + "\r\n", other}, piece);
      EXPECT_EQ(problem_of(reply), "value-does-not-fit") << condition;
      EXPECT_TRUE(value_of("k") == value) << condition;
      const Asked chunked{"PUT /v1/keys/k", std::string(condition) + "\r\n", other};
      EXPECT_EQ(problem_of(exchange(chunked_bytes_of(chunked, 1'000'000), false, true, piece)),
                "value-does-not-fit");
      EXPECT_TRUE(value_of("k") == value) << condition;
    }
    EXPECT_EQ(ask({"PUT /v1/keys/new", "If-None-Match: *\r\n", "small"}, piece).status / 100, 2);
    EXPECT_EQ(ask("DELETE /v1/keys/new").status, 204);
  }
  EXPECT_EQ(ask({"PUT /v1/keys/k", "", other}, std::size_t{1} << 20).status / 100, 2);
  EXPECT_TRUE(value_of("k") == other);
}

// However slowly it comes, and whatever else is stored meanwhile.
TEST_F(LargeKeysTest, ABodyKeepsWhatItDependsOn) {
  const std::string value(std::size_t{1} << 20, 'v');
  const std::vector<Asked> changes{{"PUT /v1/keys/k", "If-Match: *\r\n", std::string(500'000, 'o')},
                                   {"POST /v1/keys/k/append", "", std::string(500'000, 'o')}};
  for (const Asked& asked : changes) {
    store("k", value);
    const std::string bytes = bytes_of(asked);
    peer_->received.clear();
    for (std::size_t at = 0; at < bytes.size(); at += 10'000) {
      peer_->send(bytes.substr(at, 10'000));
      for (int i = 0; i < 5; ++i)
        world_.cache.put("f" + std::to_string(at) + std::to_string(i), value);
    }
    const auto reply = read_reply(peer_->received);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status / 100, 2) << asked.line << reply->body;
  }
}

// Others store much between the turns in which it is made.
TEST_F(LargeKeysTest, AnEntryStaysWhileItIsJoinedTo) {
  const std::string value(std::size_t{12} << 20, 'v');
  store("k", value);
  protocol::Connection connection(world_.context);
  std::string output;
  connection.receive(bytes_of({"POST /v1/keys/k/append", "", "more"}), output);
  ASSERT_TRUE(connection.has_more());
  for (int i = 0; connection.has_more(); connection.receive("", output)) {
    for (const int end = i + 15; i < end; ++i) world_.cache.put("f" + std::to_string(i), filler_);
  }
  EXPECT_EQ(read_reply(output).value_or(ReceivedReply{}).body, std::to_string(value.size() + 4));
  EXPECT_TRUE(value_of("k") == value + "more");
}

// Of 64 MiB, where each would fit alone: one succeeds, and the other is told to come again.
TEST_F(LargeKeysTest, TwoAtOnceDoNotTakeTheRoomOfWhatBothDependOn) {
  const std::string value(std::size_t{24} << 20, 'v');
  for (const Asked& asked : {Asked{"PUT /v1/keys/k", "If-Match: *\r\n", value},
                             Asked{"PUT /v1/keys/k", "If-None-Match: \"x\"\r\n", value},
                             Asked{"POST /v1/keys/k/append", "", "m"}}) {
    world_.cache.clear();
    store("k", value);
    const std::string bytes = bytes_of(asked);
    protocol::Connection connections[] = {protocol::Connection(world_.context),
                                          protocol::Connection(world_.context)};
    std::string outputs[2];
    std::string inputs[2];
    for (std::size_t at = 0; at < bytes.size(); at += 100'000) {
      for (const std::size_t i : {0U, 1U}) {
        inputs[i] += bytes.substr(at, 100'000);
        inputs[i].erase(0, connections[i].receive(inputs[i], outputs[i]));
      }
    }
    while (connections[0].has_more() || connections[1].has_more()) {
      for (const std::size_t i : {0U, 1U}) connections[i].receive("", outputs[i]);
    }
    int succeeded = 0;
    for (const std::string& output : outputs) {
      const ReceivedReply reply = read_reply(output).value_or(ReceivedReply{});
      if (reply.status / 100 == 2) {
        ++succeeded;
      } else {
        EXPECT_EQ(problem_of(reply), "no-room") << asked.line;
      }
    }
    EXPECT_EQ(succeeded, 1) << asked.line;
    EXPECT_GE(value_of("k").value_or("").size(), value.size()) << asked.line;
  }
}

// Nor for what has no room beside what it depends on: of 64 MiB 30 are taken.
TEST_F(LargeKeysTest, WhatHasNoRoomNowCostsNoEntry) {
  Cache::Reservation reservation(world_.cache);
  ASSERT_TRUE(reservation.resize(std::size_t{30} << 20));
  const std::string value(std::size_t{18} << 20, 'v');
  const std::string other(std::size_t{18} << 20, 'o');
  store("k", value);
  for (const std::size_t piece : {~std::size_t{0}, std::size_t{1} << 20}) {
    const Asked put{"PUT /v1/keys/k", "If-Match: *\r\n", other};
    EXPECT_EQ(problem_of(ask(put, piece)), "no-room");
    EXPECT_EQ(problem_of(exchange(chunked_bytes_of(put, 100'000), false, true, piece)), "no-room");
    EXPECT_EQ(problem_of(ask({"POST /v1/keys/k/append", "", "more"}, piece)), "no-room");
    EXPECT_EQ(problem_of(ask({"POST /v1/keys/k/append", "", filler_}, piece)), "no-room");
  }
  EXPECT_TRUE(value_of("k") == value);
  EXPECT_EQ(world_.cache.stats().evictions, 0U);
}

// Nothing is evicted for what others leave no room for.
TEST_F(LargeKeysTest, WhatHasNoRoomNowIsRefusedAtItsHead) {
  Cache::Reservation reservation(world_.cache);
  ASSERT_TRUE(reservation.resize(std::size_t{40} << 20));
  store("k", "value");
  const std::string large(std::size_t{30} << 20, 'v');
  EXPECT_EQ(problem_of(ask({"PUT /v1/keys/large", "", large}, std::size_t{1} << 20)), "no-room");
  EXPECT_EQ(value_of("k"), "value");
  EXPECT_EQ(world_.cache.stats().evictions, 0U);
}

TEST_F(KeyOperationsTest, WhatIsNoneOfTheKeysIsLeftAlone) {
  play({
      {{"PUT /v1/keys/k", "Range: bytes=0-0\r\nIf-Range: \"x\"\r\n", "value"}, 201},
      {{"GET /v1/keys/k", "Range: bytes=0-0\r\n"}, 200, "value"},
      {{"GET /v1/keys/k", "If-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT\r\n"}, 200, "value"},
      {{"GET /v1/keys/k", "If-Unmodified-Since: Sun, 06 Nov 1904 08:49:37 GMT\r\n"}, 200, "value"},
      {{"GET /v1/keys/k?"}, 200, "value"},
      {{"GET /v1/keys/k?&"}, 200, "value"},
      {{"GET http://a/v1/keys/k"}, 200, "value"},
      {{"GET /v1/keys/k", "", "a body that nobody wants"}, 200, "value"},
  });
}

}  // namespace
}  // namespace cubby::test
