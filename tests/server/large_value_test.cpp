// Values that are sent piece by piece out of the cache's memory.

#include <string>

#include "protocol/base64.hpp"
#include "protocol/json_escape.hpp"
#include "server/server_fixture.hpp"

namespace cubby::server {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

class LargeReplyTest : public ServerTest {
 protected:
  Client dial_slowly() {
    Client client = Client::unconnected(16 * 1024);
    client.connect({"127.0.0.1", server_->port()});
    return client;
  }

  // Asks for the value and waits until the reply has begun to arrive; the rest of it stays with the
  // server, since the sockets' buffers hold but a part.
  Client begin_to_receive(const std::string& target) {
    Client client = dial_slowly();
    client.send(get(target));
    EXPECT_TRUE(client.readable_within(kPatience));
    return client;
  }

  static std::string body_of(std::string_view key, std::string_view value) {
    return R"({"status":"OK","key":")" + std::string(key) + R"(","value":")" + std::string(value) +
           "\"}";
  }
};

TEST_F(LargeReplyTest, ArrivesWholeAndInOrder) {
  store("k", 20 * kMiB);
  serve();
  Client client = dial_slowly();
  client.send(get("/get?key=k") + get("/health") + get("/get?key=k") + get("/get?key=none"));
  const std::string expected = body_of("k", std::string(20 * kMiB, 'v'));
  EXPECT_TRUE(client.receive().body == expected);
  EXPECT_EQ(client.receive().body, "OK\n");
  EXPECT_TRUE(client.receive().body == expected);
  EXPECT_EQ(client.receive().status, 404);
}

TEST_F(LargeReplyTest, IsEscapedOnTheWay) {
  serve();
  std::string value;
  std::string escaped;
  while (value.size() < kMiB - 100) {
    value += "\n \"quoted\" and \\ \x01 and \xc3\xa9;";
    escaped += R"(\n \"quoted\" and \\ \u0001 and )"
               "\xc3\xa9;";
  }
  const std::string body = R"({"key":"k","value":")" + escaped + "\"}";
  Client client = dial_slowly();
  client.send("POST /put HTTP/1.1\r\nHost: cubby\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + body);
  ASSERT_EQ(client.receive().status, 200);
  client.send(get("/get?key=k") + get("/health"));
  EXPECT_TRUE(client.receive().body == body_of("k", escaped));
  EXPECT_EQ(client.receive().body, "OK\n");
  EXPECT_TRUE(cache_.get("k") == value);
}

TEST_F(LargeReplyTest, OfABatchIsWrittenOnTheWay) {
  serve();
  std::string expected;
  for (const std::string piece : {"plain", "\"quoted\"", "\xff\x01\x7f\x80"}) {
    std::string value;
    while (value.size() < kMiB - 10) value += piece;
    Client client = dial();
    client.send("PUT /v1/keys/" + std::to_string(piece.size()) +
                " HTTP/1.1\r\nHost: cubby\r\nContent-Length: " + std::to_string(value.size()) +
                "\r\n\r\n" + value);
    ASSERT_EQ(client.receive().status, 201);
    if (piece.front() == '\xff') {
      protocol::Base64Encoder encoder;
      encoder.take(expected += R"("value_base64":")", value);
      encoder.finish(expected);
    } else {
      protocol::append_escaped(expected += R"("value":")", value);
    }
    expected += '"';
  }
  const std::string body =
      R"([{"op":"get","key":"5"},{"op":"get","key":"8"},{"op":"get","key":"4"}])";
  Client client = dial_slowly();
  client.send("POST /v1/batch HTTP/1.1\r\nHost: cubby\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + body + get("/health"));
  const auto reply = client.receive();
  EXPECT_EQ(reply.field("Transfer-Encoding"), "chunked");
  // The other members are not of this test.
  std::string values;
  for (std::size_t at = 0; (at = reply.body.find("\"value", at)) != std::string::npos;) {
    const std::size_t end = reply.body.find(R"(,"content_type")", at);
    values += reply.body.substr(at, end - at);
    at = end;
  }
  EXPECT_TRUE(values == expected);
  EXPECT_EQ(client.receive().body, "OK\n");
}

TEST_F(LargeReplyTest, HeadHasItsLengthAlone) {
  store("k", 3 * kMiB);
  serve();
  Client client = dial();
  client.send("HEAD /get?key=k HTTP/1.1\r\nHost: cubby\r\n\r\n" + get("/health"));
  const auto reply = client.receive(true);
  EXPECT_EQ(reply.field("Content-Length"), std::to_string(body_of("k", "").size() + 3 * kMiB));
  EXPECT_EQ(client.receive().body, "OK\n");
}

TEST_F(LargeReplyTest, TakesNoMemoryOfItsOwnAndHoldsNobodyUp) {
  store("k", 20 * kMiB);
  serve();
  Client other = dial();
  EXPECT_EQ(other.exchange(get("/health")).status, 200);
  const std::size_t before = server_->connection_bytes();
  Client slow = begin_to_receive("/get?key=k");
  EXPECT_EQ(other.exchange(get("/health")).status, 200);
  EXPECT_LT(server_->connection_bytes(), before + 300'000);
  EXPECT_LT(cache_.stats().charged_bytes, 21 * kMiB + 300'000);
  EXPECT_TRUE(slow.receive().body == body_of("k", std::string(20 * kMiB, 'v')));
}

TEST_F(LargeReplyTest, IsWhatItWasWhenTheEntryGoes) {
  store("k", 20 * kMiB);
  serve();
  Client slow = begin_to_receive("/get?key=k");
  EXPECT_EQ(dial().exchange(put("k", "new")).status, 200);
  EXPECT_GE(cache_.stats().detached_bytes, 20 * kMiB);
  EXPECT_TRUE(slow.receive().body == body_of("k", std::string(20 * kMiB, 'v')));
  EXPECT_TRUE(eventually([&] { return cache_.stats().detached_bytes == 0; }));
}

TEST_F(LargeReplyTest, LetsTheValueGoWhenThePeerGoes) {
  store("k", 20 * kMiB);
  serve();
  Client slow = begin_to_receive("/get?key=k");
  cache_.clear();
  while (cache_.maintain()) {
  }
  slow.reset();
  EXPECT_TRUE(eventually([&] { return cache_.stats().detached_bytes == 0; }));
}

TEST_F(LargeReplyTest, IsFinishedWhenTheServerStops) {
  store("k", 20 * kMiB);
  serve();
  Client slow = begin_to_receive("/get?key=k");
  server_->stop(kPatience);
  ASSERT_TRUE(stops_listening());
  EXPECT_TRUE(slow.receive().body == body_of("k", std::string(20 * kMiB, 'v')));
  EXPECT_TRUE(slow.closed_by_peer());
  EXPECT_TRUE(server_->wait());
}

}  // namespace
}  // namespace cubby::server
