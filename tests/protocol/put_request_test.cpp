// Bodies that arrive in pieces, and where they are meanwhile.

#include "protocol/put_request.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "support/loopback.hpp"
#include "support/reply_reader.hpp"

namespace cubby::protocol {
namespace {

using test::Loopback;
using test::World;

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kPiece = 10'000;

class PutRequestTest : public testing::Test {
 protected:
  ~PutRequestTest() override { EXPECT_EQ(world_.cache.check_invariants(), ""); }

  static std::string head(std::size_t body_bytes) {
    return "POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body_bytes) +
           "\r\n\r\n";
  }
  static std::string body(const std::string& value, const std::string& more = "") {
    return R"({"key":"k","value":")" + value + "\"" + more + "}";
  }
  void send_in_pieces(std::string_view bytes) {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(kPiece, bytes.size()))) {
      peer_.send(bytes.substr(0, kPiece));
    }
  }
  // The one reply so far.
  int status() const {
    const auto reply = test::read_reply(peer_.received);
    return reply ? reply->status : 0;
  }

  World world_{Limits{.max_value_bytes = 100 * kMiB}};
  Loopback peer_{world_};
};

TEST_F(PutRequestTest, HoldsASmallValueItself) {
  const std::string value(kCollectedBytes, 'v');
  const std::string text = body(value);
  peer_.send(head(text.size()));
  EXPECT_LE(peer_.connection.memory_bytes(), 2 * head(text.size()).size())
      << "nothing for a length";
  send_in_pieces(text.substr(0, text.size() - 2));
  EXPECT_GE(peer_.connection.memory_bytes(), value.size());
  EXPECT_LE(peer_.connection.memory_bytes(), 2 * value.size() + 1000);
  EXPECT_EQ(peer_.connection.staged_bytes(), 0U);
  peer_.send("\"}");
  EXPECT_EQ(status(), 200);
  EXPECT_EQ(peer_.connection.memory_bytes(), 0U);
  EXPECT_TRUE(world_.cache.get("k") == value);
}

TEST_F(PutRequestTest, WritesALargeValueIntoTheCache) {
  const std::string value(3 * kMiB, 'v');
  const std::string text = body(value, R"(,"ttl":5)");
  send_in_pieces(head(text.size()) + text.substr(0, text.size() - 1));
  EXPECT_LE(peer_.connection.memory_bytes(), 2000U) << "not a second copy";
  EXPECT_GE(peer_.connection.staged_bytes(), value.size());
  EXPECT_LE(peer_.connection.staged_bytes(), value.size() + 40'000);
  EXPECT_EQ(world_.cache.stats().detached_bytes, peer_.connection.staged_bytes());
  EXPECT_EQ(world_.cache.get("k"), std::nullopt);
  peer_.send("}");
  EXPECT_EQ(status(), 200);
  EXPECT_EQ(peer_.connection.staged_bytes(), 0U);
  EXPECT_EQ(world_.cache.stats().detached_bytes, 0U);
  EXPECT_TRUE(world_.cache.get("k") == value);
  world_.clock.advance(std::chrono::seconds(5));
  EXPECT_EQ(world_.cache.get("k"), std::nullopt);
}

TEST_F(PutRequestTest, TheKeyMayComeLast) {
  const std::string value(kMiB, 'v');
  const std::string text = R"({"value":")" + value + R"(","key":"last"})";
  send_in_pieces(head(text.size()) + text);
  EXPECT_EQ(status(), 200);
  EXPECT_TRUE(world_.cache.get("last") == value);
}

TEST_F(PutRequestTest, TakesEscapesAndChunksApart) {
  std::string value;
  std::string escaped;
  while (value.size() < kMiB) {
    value += "tab\t quote\" \xc3\xa9 fox \xf0\x9f\xa6\x8a";
    escaped += R"(tab\t quote\" \u00e9 fox \ud83e\udd8a)";
  }
  const std::string text = body(escaped);
  std::string request = "POST /put HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < text.size(); at += 7) {
    const std::string chunk = text.substr(at, 7);
    request += std::to_string(chunk.size()) + "\r\n" + chunk + "\r\n";
  }
  send_in_pieces(request + "0\r\n\r\n");
  EXPECT_EQ(status(), 200);
  EXPECT_TRUE(world_.cache.get("k") == value);
  peer_.received.clear();
  peer_.send("GET /get?key=k HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto reply = test::read_reply(peer_.received);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->size, peer_.received.size()) << "Content-Length fits the escaped value";
}

TEST_F(PutRequestTest, LetsGoAtOnceOfABodyThatIsWrong) {
  std::string text = body(std::string(2 * kMiB, 'v'));
  text[kMiB] = '\n';
  send_in_pieces(head(text.size()) + text.substr(0, kMiB));
  EXPECT_GE(peer_.connection.staged_bytes(), kMiB / 2);
  peer_.send(text.substr(kMiB, kPiece));
  EXPECT_EQ(peer_.connection.staged_bytes(), 0U);
  EXPECT_LE(peer_.connection.memory_bytes(), 2 * head(text.size()).size());
  EXPECT_EQ(peer_.received, "") << "the reply follows the request";
  send_in_pieces(text.substr(kMiB + kPiece));
  EXPECT_EQ(status(), 400);
  EXPECT_FALSE(peer_.connection.finished());
}

TEST_F(PutRequestTest, LetsGoAtOnceOfAValueThatCannotFit) {
  const std::size_t limit = World::cache_options().max_memory_bytes;
  const std::string text = body(std::string(limit + kMiB, 'v'));
  world_.cache.put("other", "kept");
  send_in_pieces(head(text.size()) + text.substr(0, limit));
  EXPECT_EQ(peer_.connection.staged_bytes(), 0U);
  EXPECT_EQ(world_.cache.stats().detached_bytes, 0U);
  send_in_pieces(text.substr(limit));
  EXPECT_EQ(status(), 413);
  EXPECT_FALSE(peer_.connection.finished());
}

TEST_F(PutRequestTest, SaysWhenThereIsNoRoomNow) {
  Cache::Reservation reservation(world_.cache);
  const std::size_t limit = World::cache_options().max_memory_bytes;
  ASSERT_TRUE(reservation.resize(limit - kMiB));
  const std::string large = body(std::string(2 * kMiB, 'v'));
  send_in_pieces(head(large.size()) + large);
  EXPECT_EQ(status(), 503);
  EXPECT_NE(peer_.received.find("\r\nRetry-After: 1\r\n"), std::string::npos);
  ASSERT_TRUE(reservation.resize(limit - world_.cache.stats().index_bytes));
  peer_.received.clear();
  const std::string small = body("v");
  peer_.send(head(small.size()) + small);
  EXPECT_EQ(status(), 503);
  ASSERT_TRUE(reservation.resize(0));
  peer_.received.clear();
  send_in_pieces(head(large.size()) + large);
  EXPECT_EQ(status(), 200);
}

TEST_F(PutRequestTest, CanBeGivenUp) {
  const std::string text = body(std::string(2 * kMiB, 'v'));
  send_in_pieces(head(text.size()) + text.substr(0, kMiB));
  ASSERT_TRUE(peer_.connection.in_request());
  std::string reply;
  peer_.connection.give_up(Error::no_room, "", reply);
  EXPECT_EQ(peer_.connection.staged_bytes(), 0U);
  EXPECT_TRUE(peer_.connection.finished());
  EXPECT_TRUE(peer_.connection.should_linger());
  EXPECT_FALSE(peer_.connection.in_request());
  EXPECT_EQ(test::read_reply(reply)->status, 503);
  EXPECT_NE(reply.find("\r\nConnection: close\r\n"), std::string::npos);
}

}  // namespace
}  // namespace cubby::protocol
