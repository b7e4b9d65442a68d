// Who must give way when connections hold too much.

#include <string>

#include "server/server_fixture.hpp"

namespace cubby::server {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kHalf = 400'000;  // of a body, in bytes

class ConnectionMemoryTest : public ServerTest {
 protected:
  ConnectionMemoryTest() { options_.connection_memory_bytes = 2 * kMiB; }

  Client send_part(const std::string& key, std::size_t value_bytes, std::size_t part_bytes) {
    Client client = dial();
    client.send(std::string_view(put(key, std::string(value_bytes, 'v'))).substr(0, part_bytes));
    return client;
  }

  // A connection that has sent the head and the first bytes of a /put, when the server holds them.
  Client hold_part(const std::string& key, std::size_t value_bytes, std::size_t part_bytes) {
    const std::size_t held = server_->connection_bytes();
    Client client = send_part(key, value_bytes, part_bytes);
    EXPECT_TRUE(eventually([&] { return server_->connection_bytes() >= held + part_bytes / 2; }));
    return client;
  }

  static std::string rest(const std::string& key, std::size_t value_bytes, std::size_t part_bytes) {
    return put(key, std::string(value_bytes, 'v')).substr(part_bytes);
  }

  static void expect_refused(Client& client) {
    const auto reply = client.receive();
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.field("Retry-After"), "1");
    EXPECT_TRUE(says_close(reply));
    EXPECT_TRUE(client.closed_by_peer());
  }
};

TEST_F(ConnectionMemoryTest, WhoHasStoppedLongestAgoGoesFirst) {
  serve();
  Client first = hold_part("first", kMiB, kHalf);
  Client second = hold_part("second", kMiB, kHalf);
  first.send(rest("first", kMiB, kHalf).substr(0, 1000));
  EXPECT_FALSE(first.readable_within(std::chrono::milliseconds(0)));
  std::vector<Client> others;
  for (int i = 0; i < 6; ++i) {
    const std::size_t held = server_->connection_bytes();
    others.push_back(send_part("other" + std::to_string(i), kMiB, kHalf));
    ASSERT_TRUE(eventually([&] {
      return server_->connection_bytes() >= held + kHalf / 2 ||
             second.readable_within(std::chrono::milliseconds(0));
    }));
  }
  expect_refused(second);
  EXPECT_LE(server_->connection_bytes(), 2 * kMiB + 100'000);
  // Who has got on since can finish.
  others.back().send(rest("other" + std::to_string(others.size() - 1), kMiB, kHalf));
  EXPECT_EQ(others.back().receive().status, 200);
  EXPECT_EQ(cache_.get("second"), std::nullopt);
}

TEST_F(ConnectionMemoryTest, OneAloneMayHoldMore) {
  options_.limits.max_value_bytes = 8 * kMiB;
  serve();
  Client client = hold_part("k", 6 * kMiB, 5 * kMiB);
  client.send(rest("k", 6 * kMiB, 5 * kMiB));
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_TRUE(cache_.get("k") == std::string(6 * kMiB, 'v'));
}

TEST_F(ConnectionMemoryTest, WhoDoesNotReadIsClosed) {
  store("k", 200'000);
  serve();
  Client stalled = Client::unconnected(16 * 1024);
  stalled.connect({"127.0.0.1", server_->port()});
  std::string batch;
  for (int i = 0; i < 200; ++i) batch += get("/get?key=k");
  stalled.send(batch);
  ASSERT_TRUE(eventually([&] { return server_->connection_bytes() > 5'000; }));
  std::vector<Client> others;
  for (int i = 0; i < 6; ++i) {
    const std::size_t held = server_->connection_bytes();
    others.push_back(send_part("other" + std::to_string(i), kMiB, kHalf));
    ASSERT_TRUE(eventually([&] { return server_->connection_bytes() != held; }));
  }
  EXPECT_THROW(
      {
        for (int i = 0; i < 200; ++i) stalled.receive();
      },
      std::runtime_error);
  others.back().send(rest("other" + std::to_string(others.size() - 1), kMiB, kHalf));
  EXPECT_EQ(others.back().receive().status, 200);
}

TEST_F(ConnectionMemoryTest, CountsAgainstTheCachesBudget) {
  options_.connection_memory_bytes = 32 * kMiB;
  serve();
  for (int i = 0; cache_.stats().evictions == 0; ++i) store("k" + std::to_string(i), 10'000);
  const auto evictions = cache_.stats().evictions;
  std::vector<Client> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(hold_part("client" + std::to_string(i), kMiB, 2 * kHalf));
  }
  const auto stats = cache_.stats();
  EXPECT_GE(stats.reserved_bytes + stats.detached_bytes, 5 * kHalf);
  EXPECT_LE(stats.charged_bytes, stats.limit_bytes);
  EXPECT_GT(stats.evictions, evictions + 200);
  clients.clear();
  EXPECT_TRUE(eventually([&] {
    const auto now = cache_.stats();
    return now.reserved_bytes + now.detached_bytes <= 1 * kMiB && server_->connection_bytes() == 0;
  }));
}

TEST_F(ConnectionMemoryTest, EveryConnectionCountsALittle) {
  serve();
  std::vector<Client> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(dial());
  for (Client& client : clients) EXPECT_EQ(client.exchange(get("/health")).status, 200);
  EXPECT_GE(server_->connection_bytes(), 100U * 500);
  EXPECT_LE(server_->connection_bytes(), 100U * 1000);
  clients.clear();
  EXPECT_TRUE(eventually([&] { return server_->connection_bytes() == 0; }));
}

}  // namespace
}  // namespace cubby::server
