// Every flag that limits what a client may do has its effect. At which value exactly is tested
// where the limits are.

#include <chrono>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <gtest/gtest.h>

#include "support/child_process.hpp"
#include "support/client.hpp"

namespace cubby::test {
namespace {

std::string with_fields(int count) {
  std::string request = "GET /health HTTP/1.1\r\nHost: a\r\n";
  for (int i = 1; i < count; ++i) request += "A: b\r\n";
  return request + "\r\n";
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

int status_of(const Daemon& daemon, const std::string& request) {
  return Client(daemon.address()).exchange(request).status;
}

TEST(LimitFlags, HeaderFieldsAndSize) {
  Daemon daemon({"--max-header-fields", "3", "--max-header-size", "1k"});
  EXPECT_EQ(status_of(daemon, with_fields(3)), 200);
  EXPECT_EQ(status_of(daemon, with_fields(4)), 431);
  const std::string head = "GET /health HTTP/1.1\r\nHost: a\r\nA: ";
  const std::string end = "\r\n\r\n";
  const std::string longest = head + std::string(1024 - head.size() - end.size(), 'x') + end;
  EXPECT_EQ(status_of(daemon, longest), 200);
  EXPECT_EQ(
      status_of(daemon, "GET /health HTTP/1.1\r\nHost: a\r\nAA: " + longest.substr(head.size())),
      431);
}

TEST(LimitFlags, JsonDepth) {
  Daemon daemon({"--max-json-depth", "2"});
  const auto put_json = [](const std::string& json) {
    return "POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(json.size()) +
           "\r\n\r\n" + json;
  };
  EXPECT_EQ(status_of(daemon, put_json(R"({"key":"k","value":"v","x":[1]})")), 200);
  EXPECT_EQ(status_of(daemon, put_json(R"({"key":"k","value":"v","x":[[1]]})")), 400);
}

TEST(LimitFlags, Connections) {
  Daemon daemon({"--max-connections", "2"});
  std::vector<Client> clients;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back(daemon.address());
    EXPECT_EQ(clients.back().exchange(get("/health")).status, 200);
  }
  Client late(daemon.address());
  const ReceivedReply reply = late.exchange(get("/health"));
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.field("Retry-After"), "1");
  EXPECT_TRUE(late.closed_by_peer());
}

TEST(LimitFlags, ConnectionsPerIp) {
  Daemon daemon({"--max-connections-per-ip", "1"});
  Client first(daemon.address());
  EXPECT_EQ(first.exchange(get("/health")).status, 200);
  EXPECT_EQ(status_of(daemon, get("/health")), 503);
}

TEST(LimitFlags, Timeouts) {
  Daemon daemon({"--header-timeout", "1s", "--body-timeout", "1s", "--idle-timeout", "1s",
                 "--send-timeout", "1s", "--max-value-size", "16m"});
  const std::string large = put("large", std::string(std::size_t{16} << 20, 'v'));
  Client writer(daemon.address());
  ASSERT_EQ(writer.exchange(large).status, 200);
  Client head(daemon.address());
  head.send("GET /health HT");
  Client body(daemon.address());
  body.send("POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{");
  Client idle(daemon.address());
  Client reader = Client::unconnected(16 * 1024);
  reader.connect(daemon.address());
  reader.send(get("/get?key=large"));
  EXPECT_EQ(head.receive().status, 408);
  EXPECT_EQ(body.receive().status, 408);
  EXPECT_TRUE(idle.closed_by_peer());
  EXPECT_TRUE(writer.closed_by_peer());
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  const auto nobody_else = [&] {
    const std::string report = Client(daemon.address()).exchange(get("/v1/memory")).body;
    return contains(report, R"("connections":1,)");
  };
  while (!nobody_else()) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  EXPECT_THROW(reader.receive_all(), std::system_error)
      << "it was reset, with what it did not read";
}

}  // namespace
}  // namespace cubby::test
