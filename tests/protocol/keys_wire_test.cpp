// Requests for /v1/keys/{key} as they come on a connection: together, in pieces, of HTTP/1.0, and
// when there is no room.

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "protocol/batch.hpp"
#include "protocol/connection.hpp"
#include "protocol/keys_fixture.hpp"

namespace cubby::test {
namespace {

using namespace std::string_literals;

class KeyWireTest : public KeysTest {};

TEST_F(KeyWireTest, AReplyIsTheseBytes) {
  const struct {
    Asked asked;
    std::string reply;
  } cases[] = {
      {{"PUT /v1/keys/k?ttl=60", "Content-Type: text/plain\r\n", "value"},
       "HTTP/1.1 201 Created\r\n"
       "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
       "ETag: " +
           tag_of("value", "text/plain") +
           "\r\n"
           "Content-Length: 0\r\n\r\n"},
      {{"PUT /v1/keys/k?ttl=60", "Content-Type: text/plain\r\nContent-Encoding: br\r\n", "value"},
       "HTTP/1.1 204 No Content\r\n"
       "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
       "ETag: " +
           tag_of("value", "text/plain", "br") + "\r\n\r\n"},
      {{"GET /v1/keys/k"},
       "HTTP/1.1 200 OK\r\n"
       "Content-Type: text/plain\r\n"
       "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
       "ETag: " +
           tag_of("value", "text/plain", "br") +
           "\r\n"
           "Age: 0\r\n"
           "Cache-Control: max-age=60\r\n"
           "Content-Encoding: br\r\n"
           "Content-Length: 5\r\n\r\nvalue"},
      {{"GET /v1/keys/k", "If-None-Match: *\r\n"},
       "HTTP/1.1 304 Not Modified\r\n"
       "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
       "ETag: " +
           tag_of("value", "text/plain", "br") +
           "\r\n"
           "Age: 0\r\n"
           "Cache-Control: max-age=60\r\n\r\n"},
      {{"DELETE /v1/keys/k"},
       "HTTP/1.1 204 No Content\r\n"
       "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"},
      {{"POST /v1/keys/k/incr"},
       "HTTP/1.1 200 OK\r\n"
       "Content-Type: text/plain; charset=utf-8\r\n"
       "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
       "ETag: " +
           tag_of("1", kText) +
           "\r\n"
           "Content-Length: 1\r\n\r\n1"},
      {{"POST /v1/keys/k/touch"},
       "HTTP/1.1 204 No Content\r\n"
       "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"},
  };
  for (const auto& [asked, reply] : cases) {
    ask(asked);
    EXPECT_EQ(peer_->received, reply) << asked.line;
  }
}

// Every sort of request and of reply, in an order in which each depends on those before it.
std::vector<Asked> mixture() {
  const std::string large(300'000, 'L');
  const std::string tag = "If-None-Match: " + tag_of("small", kBytes) + "\r\n";
  return {{"PUT /v1/keys/a", "", "small"},
          {"GET /v1/keys/a"},
          {"GET /v1/keys/a"},
          {"GET /v1/keys/a", tag},
          {"GET /v1/keys/none"},
          {"PUT /v1/keys/b?ttl=9", "Content-Encoding: gzip\r\n", large},
          {"GET /v1/keys/b"},
          {"GET /v1/keys/a"},
          {"GET /v1/keys/a%2"},
          {"POST /v1/keys/n/incr"},
          {"POST /v1/keys/n/incr?by=10", "", "ignored"},
          {"GET /get?key=n"},
          {"POST /v1/keys/a/append", "", large},
          {"POST /v1/keys/a/prepend", "", "<"},
          {"GET /get?key=a"},
          {"GET /get?key=b"},
          {"POST /put", "", put_body("c", "\"both\"")},
          {"GET /v1/keys/c"},
          {"GET /v1/keys/c", "If-Match: \"x\"\r\n"},
          {"POST /v1/keys/b/take"},
          {"POST /v1/keys/b/take"},
          {"DELETE /v1/keys/c"},
          {"DELETE /v1/keys/c"},
          {"POST /v1/keys/a/touch"},
          {"OPTIONS /v1/keys/a"},
          {"PUT /v1/keys/a", "If-None-Match: *\r\n", large},
          {"GET /health"},
          {"GET /v1/keys/a?x=y"},
          {"PATCH /v1/keys/a", "", "x"},
          {"GET /v1/keys/a"}};
}

// However the bytes are cut, and whether heads like these have been seen before.
TEST_F(KeyWireTest, RequestsMayComeTogether) {
  std::string one_by_one;
  std::string bytes;
  for (const Asked& asked : mixture()) {
    bytes += bytes_of(asked);
    ask(asked);
    one_by_one += peer_->received;
  }
  for (const bool has_memo : {true, false}) {
    for (const std::size_t piece : {bytes.size(), std::size_t{64 << 10}, std::size_t{4096},
                                    std::size_t{61}, std::size_t{1}}) {
      World world;
      if (!has_memo) world.context.heads = nullptr;
      Loopback peer(world);
      for (std::size_t at = 0; at < bytes.size(); at += piece) {
        peer.send(std::string_view(bytes).substr(at, piece));
      }
      EXPECT_TRUE(peer.received == one_by_one) << "in pieces of " << piece;
      EXPECT_FALSE(peer.connection.in_request());
      EXPECT_EQ(world.cache.check_invariants(), "");
    }
  }
}

TEST_F(KeyWireTest, ManyAlikeAreLookedUpAhead) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) store("key" + std::to_string(i), "of " + std::to_string(i));
  for (int i = 0; i < 200; ++i) bytes += bytes_of({"GET /v1/keys/key" + std::to_string(i % 120)});
  peer_->received.clear();
  peer_->send(bytes);
  std::string_view rest = peer_->received;
  for (int i = 0; i < 200; ++i) {
    const auto reply = read_reply(rest);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, i % 120 < 100 ? 200 : 404);
    rest.remove_prefix(reply->size);
    if (reply->status != 200) continue;
    EXPECT_EQ(reply->body, "of " + std::to_string(i % 120));
  }
  EXPECT_EQ(rest, "");
}

TEST_F(KeyWireTest, AClientOfHttp10IsServedToo) {
  const Asked put{"PUT /v1/keys/k", "", "value"};
  const struct {
    std::string request;
    int status;
    bool stays;
  } cases[] = {
      {bytes_of(put, "HTTP/1.0"), 201, false},
      {bytes_of({"GET /v1/keys/k"}, "HTTP/1.0"), 200, false},
      {bytes_of({"GET /v1/keys/k", "Connection: keep-alive\r\n"}, "HTTP/1.0"), 200, true},
      {bytes_of({"GET /v1/keys/k", "If-None-Match: *\r\nConnection: keep-alive\r\n"}, "HTTP/1.0"),
       304, true},
      {bytes_of({"POST /v1/keys/k/append", "", "x"}, "HTTP/1.0"), 200, false},
      {bytes_of({"DELETE /v1/keys/k", "Connection: keep-alive\r\n"}, "HTTP/1.0"), 204, true},
      {bytes_of({"GET /v1/keys/k"}, "HTTP/1.0"), 404, false},
  };
  for (const auto& [request, status, stays] : cases) {
    Loopback peer(world_);
    peer.send(request);
    const auto reply = read_reply(peer.received);
    ASSERT_TRUE(reply) << request;
    EXPECT_EQ(reply->status, status) << request;
    EXPECT_EQ(reply->size, peer.received.size()) << request;
    EXPECT_EQ(flaws_of(*reply, true), "") << request;
    EXPECT_EQ(reply->field("Connection"), stays ? "keep-alive" : "close") << request;
    EXPECT_EQ(peer.connection.finished(), !stays) << request;
  }
}

TEST_F(KeyWireTest, ABodyIsAskedForWhenTheHeadIsGood) {
  const std::string expect = "Expect: 100-continue\r\nContent-Length: 5\r\n";
  peer_->send("PUT /v1/keys/k HTTP/1.1\r\nHost: a\r\n" + expect + "\r\n");
  EXPECT_EQ(peer_->received, "HTTP/1.1 100 Continue\r\n\r\n");
  peer_->send("value");
  EXPECT_EQ(value_of("k"), "value");

  Loopback refused(world_);
  refused.send("PUT /v1/keys/k?ttl=x HTTP/1.1\r\nHost: a\r\n" + expect + "\r\n");
  const auto reply = read_reply(refused.received);
  ASSERT_TRUE(reply);
  EXPECT_EQ(problem_of(*reply), "bad-ttl");
  EXPECT_TRUE(refused.connection.finished());
}

// Whoever waits for 100 must not send such a body, and whoever does not is told as early.
TEST_F(KeyWireTest, ABodyThatIsTooLargeIsRefusedBeforeItComes) {
  const std::size_t value = world_.limits.max_value_bytes;
  const struct {
    const char* line;
    std::size_t limit;
    const char* problem;
  } cases[] = {
      {"PUT /v1/keys/k", value, "value-too-large"},
      {"POST /v1/keys/k/append", value, "value-too-large"},
      {"POST /v1/keys/k/prepend", value, "value-too-large"},
      {"POST /v1/batch", protocol::kMaxBatchBytes, "batch-too-large"},
      {"POST /v1/keys/k/incr", world_.limits.max_body_bytes(), "body-too-large"},
  };
  for (const auto& [line, limit, problem] : cases) {
    for (const std::string expect : {"", "Expect: 100-continue\r\n"}) {
      const auto begin = [&, line = line](Loopback& peer, std::size_t size, bool in_chunks) {
        const std::string framing =
            in_chunks ? "Transfer-Encoding: chunked" : "Content-Length: " + std::to_string(size);
        peer.send(line + (" HTTP/1.1\r\nHost: a\r\n" + expect) + framing + "\r\n\r\n");
        if (!in_chunks) return;
        std::ostringstream hex;
        hex << std::hex << size << "\r\n";
        peer.send(hex.str());
      };
      for (const bool in_chunks : {false, true}) {
        Loopback largest(world_);
        begin(largest, limit, in_chunks);
        EXPECT_EQ(largest.received, expect.empty() ? "" : "HTTP/1.1 100 Continue\r\n\r\n") << line;
        Loopback larger(world_);
        begin(larger, limit + 1, in_chunks);
        const auto reply =
            read_reply(in_chunks ? without_interim_replies(larger.received) : larger.received);
        ASSERT_TRUE(reply) << line << " " << larger.received;
        EXPECT_EQ(reply->status, 413) << line;
        EXPECT_EQ(problem_of(*reply), problem) << line;
        EXPECT_TRUE(larger.connection.finished() && larger.connection.should_linger()) << line;
      }
    }
  }
}

// What is wrong with the head is told once the body has been read away, and the next request is
// where it should be.
TEST_F(KeyWireTest, ARefusedBodyIsReadAway) {
  for (const std::size_t size : {5U, 100'000U}) {
    const std::string body(size, 'x');
    for (const auto& [asked, problem] : std::vector<std::pair<Asked, std::string>>{
             {{"PUT /v1/keys/k", "Content-Type: a\r\nContent-Type: b\r\n", body},
              "bad-content-type"},
             {{"PUT /v1/keys/k", "If-Match: x\r\n", body}, "bad-etag"},
             {{"PUT /v1/keys/k", "If-Match: *\r\n", body}, "precondition-failed"},
             {{"PUT /v1/keys/k?x=y", "", body}, "unknown-parameter"},
             {{"POST /v1/keys/k/append", "Content-Encoding: br\r\n", body}, "body-encoded"},
             {{"POST /v1/keys/k/append", "", body}, "key-not-found"},
             {{"POST /v1/keys/k/take", "", body}, "key-not-found"}}) {
      for (const std::string& bytes : {bytes_of(asked), chunked_bytes_of(asked, 999)}) {
        for (const std::size_t piece : {bytes.size(), std::size_t{1000}}) {
          EXPECT_EQ(problem_of(exchange(bytes, false, true, piece)), problem) << asked.line;
          EXPECT_EQ(ask("GET /v1/keys/k").status, 404);
        }
      }
    }
  }
  EXPECT_EQ(world_.cache.stats().detached_bytes, 0U);
}

TEST_F(KeyWireTest, WhatIsNoRequestIsRefusedAsEver) {
  Loopback peer(world_);
  peer.send("GET /v1/keys/\xC3\xA9 HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto reply = read_reply(peer.received);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 400);
  EXPECT_TRUE(peer.connection.finished());
}

TEST_F(KeyWireTest, WithoutRoomItSaysWhenToComeAgain) {
  store("k", "old");
  Cache::Reservation reservation(world_.cache);
  std::size_t bytes = World::cache_options().max_memory_bytes;
  while (!reservation.resize(bytes)) bytes -= 1024;
  const std::string large(200'000, 'x');
  for (const std::size_t piece : {~std::size_t{0}, std::size_t{10'000}}) {
    const ReceivedReply reply = ask({"PUT /v1/keys/l", "", large}, piece);
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(problem_of(reply), "no-room");
    EXPECT_TRUE(reply.field("Retry-After"));
  }
  ASSERT_TRUE(reservation.resize(0));
  EXPECT_EQ(ask({"PUT /v1/keys/l", "", large}).status, 201);
}

TEST(KeyOfSmallCacheTest, WhatCannotFitIsTooLarge) {
  CacheOptions options = World::cache_options();
  options.max_memory_bytes = kMinMemoryBytes;
  Cache cache(options);
  const protocol::Limits limits{.max_value_bytes = 2 * kMinMemoryBytes};
  const protocol::DateHeader date{kTestTime};
  protocol::TtlPolicy ttl({}, 1);
  const protocol::Context context{.cache = cache, .limits = limits, .ttl = ttl, .date = date};
  const std::string put = bytes_of({"PUT /v1/keys/k", "", std::string(2 * kMinMemoryBytes, 'x')});
  for (const std::size_t piece : {put.size(), std::size_t{100'000}}) {
    protocol::Connection connection(context);
    std::string output;
    for (std::size_t at = 0; at < put.size(); at += piece) {
      connection.receive(std::string_view(put).substr(at, piece), output);
    }
    const auto reply = read_reply(output);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 413);
    EXPECT_EQ(problem_of(*reply), "value-does-not-fit");
  }
}

}  // namespace
}  // namespace cubby::test
