// What the contract's table cannot show: limits that are not the defaults, the output cap, drain(),
// and what a connection says about itself.

#include "protocol/connection.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/route.hpp"
#include "support/loopback.hpp"
#include "support/reply_reader.hpp"

namespace cubby::protocol {
namespace {

using test::Loopback;
using test::World;

const std::string kHealth = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kJson = R"({"key":"k","value":"v"})";

std::string put(const std::string& body, const std::string& fields = "") {
  return "POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + fields + "\r\n" + body;
}

std::vector<int> statuses(std::string_view bytes) {
  std::vector<int> result;
  while (const auto reply = test::read_reply(bytes)) {
    result.push_back(reply->status);
    bytes.remove_prefix(reply->size);
  }
  EXPECT_EQ(bytes, "");
  return result;
}

class ConnectionTest : public testing::Test {
 protected:
  World world_;
};

TEST_F(ConnectionTest, TellsOfEveryRequestOnce) {
  std::vector<std::string> told;
  world_.on_request = [&](const RequestRecord& request) {
    told.push_back(std::string(request.method) + ' ' + std::string(request.path) + ' ' +
                   std::to_string(request.status) + ' ' + std::to_string(request.body_bytes));
  };
  Loopback peer(world_);
  peer.send(kHealth + put(kJson) + "HEAD /health HTTP/1.1\r\nHost: a\r\n\r\n" +
            "BREW /pot HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  ASSERT_EQ(told.size(), 4U);
  EXPECT_EQ(told[0], "GET /health 200 3");
  EXPECT_EQ(told[1], "POST /put 200 62");
  EXPECT_EQ(told[2], "HEAD /health 200 3");
  EXPECT_EQ(told[3].substr(0, 5), "  501");
}

TEST_F(ConnectionTest, CountsRepliesByTheirClass) {
  Loopback peer(world_);
  peer.send(kHealth + kHealth +
            "GET /get HTTP/1.1\r\nHost: a\r\n\r\nBREW / HTTP/1.1\r\nHost: a\r\n\r\n");
  Tally::ByClass sums{};
  world_.tally.add_to(sums);
  EXPECT_EQ(sums, (Tally::ByClass{0, 0, 2, 0, 1, 1}));
}

TEST_F(ConnectionTest, WritesRepliesToTheByte) {
  Loopback peer(world_);
  peer.send(kHealth + "GET /nothing HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" +
            "DELETE /get HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string no_path =
      R"({"status":"ERROR","message":"No such path. There are: )" + describe_routes() + R"(."})";
  EXPECT_EQ(peer.received,
            "HTTP/1.1 200 OK\r\n"
            "Content-Type: text/plain\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Length: 3\r\n"
            "\r\n"
            "OK\n"
            "HTTP/1.1 404 Not Found\r\n"
            "Content-Type: application/json; charset=utf-8\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Connection: keep-alive\r\n"
            "Content-Length: " +
                std::to_string(no_path.size()) + "\r\n\r\n" + no_path +
                "HTTP/1.1 405 Method Not Allowed\r\n"
                "Content-Type: application/json; charset=utf-8\r\n"
                "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                "Connection: close\r\n"
                "Allow: GET, HEAD, OPTIONS\r\n"
                "Content-Length: 71\r\n"
                "\r\n"
                R"({"status":"ERROR","message":"The method is not allowed for this path."})");
}

TEST_F(ConnectionTest, LeavesAnIncompleteHeadWithTheCaller) {
  Connection connection(world_.context);
  std::string output;
  EXPECT_FALSE(connection.in_request());
  EXPECT_EQ(connection.receive(kHealth + "GET /hea", output), kHealth.size());
  EXPECT_TRUE(connection.in_request());
  output.clear();
  EXPECT_EQ(connection.receive("GET /health HTTP/1.1\r\nHost: a\r\n\r\n", output), kHealth.size());
  EXPECT_FALSE(connection.in_request());
  EXPECT_EQ(statuses(output), std::vector{200});
}

TEST_F(ConnectionTest, TakesAnIncompleteBody) {
  Connection connection(world_.context);
  std::string output;
  const std::string request = put(kJson);
  const std::size_t most = request.size() - 1;
  EXPECT_EQ(connection.receive(request.substr(0, most), output), most);
  EXPECT_TRUE(connection.in_request());
  EXPECT_EQ(output, "");
  EXPECT_EQ(connection.receive("}", output), 1U);
  EXPECT_FALSE(connection.in_request());
  EXPECT_EQ(world_.cache.get("k"), "v");
}

TEST_F(ConnectionTest, KeepsTheKeyOfARequestWhoseBodyIsLate) {
  const std::string key(100, 'k');
  world_.cache.put(key, "v");
  Connection connection(world_.context);
  std::string input = "GET /get?key=" + key + " HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n";
  std::string output;
  EXPECT_EQ(connection.receive(input, output), input.size());
  input.assign(input.size(), '#');
  EXPECT_EQ(connection.receive("ab", output), 2U);
  EXPECT_EQ(statuses(output), std::vector{200});
}

TEST_F(ConnectionTest, ChecksTheDeclaredLengthAtItsLimit) {
  const auto head_of = [](std::size_t length) {
    return "POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(length) +
           "\r\n\r\n";
  };
  Loopback largest(world_);
  largest.send(head_of(world_.limits.max_body_bytes()));
  EXPECT_EQ(largest.received, "");
  EXPECT_TRUE(largest.connection.in_request());

  Loopback larger(world_);
  larger.send(head_of(world_.limits.max_body_bytes() + 1));
  EXPECT_EQ(statuses(larger.received), std::vector{413});
  EXPECT_TRUE(larger.connection.finished());
  EXPECT_TRUE(larger.connection.should_linger());
}

TEST_F(ConnectionTest, SendsContinueOnlyWhenItIsWaitedFor) {
  const std::string expect = "Expect: 100-continue\r\n";
  const std::string request = put(kJson, expect);
  const std::string head = request.substr(0, request.size() - kJson.size());
  const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";

  Loopback waits(world_);
  waits.send(kHealth + head);
  EXPECT_TRUE(waits.received.ends_with("OK\n" + interim));
  waits.send(kJson);
  EXPECT_EQ(statuses(waits.received), (std::vector{200, 100, 200}));

  Loopback hurries(world_);
  hurries.send(head + kJson.substr(0, 1));
  EXPECT_EQ(hurries.received, "");
  hurries.send(kJson.substr(1));
  EXPECT_EQ(statuses(hurries.received), std::vector{200});
}

TEST_F(ConnectionTest, StopsAtTheOutputCap) {
  world_.context.output_cap_bytes = 1;
  Connection connection(world_.context);
  std::string input = kHealth + kHealth + kHealth;
  std::string output;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(connection.receive(input, output), kHealth.size());
    EXPECT_EQ(statuses(output), std::vector{200});
    input.erase(0, kHealth.size());
    EXPECT_EQ(connection.in_request(), !input.empty());
    EXPECT_EQ(connection.receive(input, output), 0U) << "nothing was sent yet";
    output.clear();
  }
}

TEST_F(ConnectionTest, TakesABodyWhileTheOutputIsFull) {
  world_.context.output_cap_bytes = 1;
  Connection connection(world_.context);
  const std::string request = put(kJson);
  std::string output;
  connection.receive(request.substr(0, request.size() - 1), output);
  output = "not sent yet";
  EXPECT_EQ(connection.receive("}", output), 1U);
}

TEST_F(ConnectionTest, DrainEndsAnIdleConnectionAtOnce) {
  Loopback idle(world_);
  idle.send(kHealth);
  idle.connection.drain();
  EXPECT_TRUE(idle.connection.finished());
  EXPECT_FALSE(idle.connection.should_linger());
  std::string output;
  EXPECT_EQ(idle.connection.receive(kHealth, output), 0U);
  EXPECT_EQ(output, "");
}

TEST_F(ConnectionTest, DrainAnswersWhatHasBegun) {
  const std::string request = put(kJson);
  for (std::size_t begun = 1; begun < request.size(); ++begun) {
    Loopback peer(world_);
    peer.send(request.substr(0, begun));
    peer.connection.drain();
    ASSERT_FALSE(peer.connection.finished()) << begun;
    peer.send(request.substr(begun) + kHealth);
    EXPECT_TRUE(peer.connection.finished()) << begun;
    EXPECT_EQ(statuses(peer.received), std::vector{200}) << begun;
    EXPECT_EQ(test::read_reply(peer.received)->field("Connection"), "close");
  }
}

TEST_F(ConnectionTest, DrainAnswersWhatTheOutputCapHeldBack) {
  world_.context.output_cap_bytes = 1;
  Connection connection(world_.context);
  std::string output;
  connection.receive(kHealth + kHealth, output);
  connection.drain();
  EXPECT_FALSE(connection.finished());
  output.clear();
  connection.receive(kHealth, output);
  EXPECT_TRUE(connection.finished());
  EXPECT_EQ(statuses(output), std::vector{200});
}

TEST_F(ConnectionTest, LingersAfterRefusalsOnly) {
  const struct {
    std::string input;
    bool finished;
    bool lingers;
  } cases[] = {
      {kHealth, false, false},
      {put("{}"), false, false},
      {"GET /health HTTP/1.0\r\n\r\n", true, false},
      {"GET /health HTTP/1.0\r\n\r\nx", true, true},
      {"GET /health HTTP/1.1\r\n\r\n", true, true},
      {"GET /health HTTP/3.0\r\n", true, true},
      {put("{}", "Expect: x\r\n"), true, true},
      {"POST /put HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx", true, true},
  };
  for (const auto& [input, finished, lingers] : cases) {
    Loopback peer(world_);
    peer.send(input);
    EXPECT_EQ(peer.connection.finished(), finished) << input;
    EXPECT_EQ(peer.connection.should_linger(), lingers) << input;
    EXPECT_FALSE(peer.connection.in_request()) << input;
  }
}

TEST_F(ConnectionTest, HasSucceededOnlyOnceARequestHas) {
  Loopback peer(world_);
  peer.send("GET /get?key=none HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string request = put(kJson, "Expect: 100-continue\r\n");
  peer.send(request.substr(0, request.size() - kJson.size()));
  EXPECT_EQ(statuses(peer.received), (std::vector<int>{404, 100}));
  EXPECT_FALSE(peer.connection.has_succeeded());
  EXPECT_EQ(peer.connection.body_bytes_ahead(), kJson.size());
  peer.send(kJson);
  EXPECT_TRUE(peer.connection.has_succeeded());
  EXPECT_EQ(peer.connection.body_bytes_ahead(), 0U);
}

TEST_F(ConnectionTest, RefusesHeadWithoutABody) {
  Loopback peer(world_);
  peer.send("HEAD /health HTTP/1.1\r\n\r\n");
  const auto reply = test::read_reply(peer.received, true);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 400);
  EXPECT_EQ(reply->size, peer.received.size());
}

TEST_F(ConnectionTest, MovesWithWhatIsInProgress) {
  Connection first(world_.context);
  const std::string request = put(kJson);
  std::string output;
  first.receive(request.substr(0, request.size() - 1), output);
  Connection second(std::move(first));
  second.receive("}", output);
  EXPECT_EQ(statuses(output), std::vector{200});
}

}  // namespace
}  // namespace cubby::protocol
