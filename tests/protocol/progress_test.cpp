// What a connection says of where it stands, and how a request that takes too long is answered.

#include <string>

#include <gtest/gtest.h>

#include "protocol/connection.hpp"
#include "support/loopback.hpp"
#include "support/reply_reader.hpp"

namespace cubby::protocol {
namespace {

using Stage = Progress::Stage;

class ProgressTest : public testing::Test {
 protected:
  Progress after(std::string_view bytes) {
    peer_.send(bytes);
    return peer_.connection.progress();
  }

  test::World world_;
  test::Loopback peer_{world_};
};

TEST_F(ProgressTest, FollowsARequestFromHeadToBodyToItsEnd) {
  EXPECT_EQ(after("").stage, Stage::between_requests);
  EXPECT_EQ(after("P").stage, Stage::in_head);
  EXPECT_EQ(after("OST /put HTTP/1.1\r\nHost: a\r\nContent-Length: 23\r\n\r").stage,
            Stage::in_head);
  const Progress body = after("\n");
  EXPECT_EQ(body.stage, Stage::in_body);
  EXPECT_EQ(body.announced_bytes, 23U);
  EXPECT_EQ(body.received_bytes, 0U);
  EXPECT_EQ(after(R"({"key":"k",)").announced_bytes, 23U);
  EXPECT_EQ(peer_.connection.progress().received_bytes, 11U);
  EXPECT_EQ(after(R"("value":"v"})").stage, Stage::between_requests);
}

TEST_F(ProgressTest, AChunkedBodyIsAsLongAsItsChunksHaveSaid) {
  const std::string head = "POST /put HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(after(head).announced_bytes, 0U);
  EXPECT_EQ(after("b\r\n{").announced_bytes, 11U);
  EXPECT_EQ(peer_.connection.progress().received_bytes, 1U) << "framing does not count";
  EXPECT_EQ(after("\"key\":\"k\",\r\nc\r\n").announced_bytes, 23U);
  EXPECT_EQ(after("\"value\":\"v\"}\r\n0\r\n\r\n").stage, Stage::between_requests);
}

TEST_F(ProgressTest, TellsOneRequestFromTheNext) {
  const auto first = after("GET /health HTTP/1.1\r\nHo");
  EXPECT_EQ(after("st: ").request, first.request);
  const auto second = after("a\r\n\r\nGET /he");
  EXPECT_EQ(second.stage, Stage::in_head);
  EXPECT_NE(second.request, first.request);
}

TEST_F(ProgressTest, GivesUpWhereverItStands) {
  const std::string_view beginnings[] = {
      "", "GET /hea", "POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"};
  for (const std::string_view beginning : beginnings) {
    test::Loopback peer(world_);
    peer.send(beginning);
    std::string output;
    peer.connection.give_up(Error::request_timeout, "", output);
    EXPECT_EQ(output.substr(0, 30), "HTTP/1.1 408 Request Timeout\r\n");
    const auto reply = test::read_reply(output);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->field("Connection"), "close");
    EXPECT_TRUE(peer.connection.finished());
    EXPECT_TRUE(peer.connection.should_linger());
    EXPECT_FALSE(peer.connection.in_request());
  }
}

// Of what has arrived as much is used as the reply depends on.
TEST_F(ProgressTest, GivesUpAHeadInItsOwnShape) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "application/json; charset=utf-8"},
      {"GET /hea", "application/json; charset=utf-8"},
      {"GET /v1/ke", "application/problem+json"},
      {"GET /v1/keys/k HTTP/1.1\r\nHo", "application/problem+json"},
      {"HEAD /v1/keys/k HTTP/1.1\r\nHo", "application/problem+json"},
  };
  for (const auto& [beginning, type] : cases) {
    Connection connection(world_.context);
    std::string output;
    ASSERT_EQ(connection.receive(beginning, output), 0U);
    connection.give_up(Error::request_timeout, beginning, output);
    const auto reply = test::read_reply(output, beginning.starts_with("HEAD "));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->size, output.size()) << beginning;
    EXPECT_EQ(reply->field("Content-Type"), type) << beginning;
  }
}

TEST_F(ProgressTest, SaysWhenToTryAgain) {
  std::string output;
  peer_.connection.give_up(Error::too_many_connections, "", output);
  const auto reply = test::read_reply(output);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 503);
  EXPECT_EQ(reply->field("Retry-After"), "1");
}

}  // namespace
}  // namespace cubby::protocol
