// Who must give way when connections hold too much.

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

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
    const std::size_t least = part_bytes - std::min(part_bytes / 10, std::size_t{64} << 10);
    Client client = send_part(key, value_bytes, part_bytes);
    EXPECT_TRUE(eventually([&] { return server_->connection_bytes() >= held + least; }));
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

TEST_F(ConnectionMemoryTest, WhoStandsStillWhileOthersWaitIsRefused) {
  serve();
  std::vector<Client> stalled;
  for (int i = 0; i < 3; ++i) {
    stalled.push_back(hold_part("stalled" + std::to_string(i), kMiB, kHalf));
  }
  for (Client& client : stalled) EXPECT_FALSE(client.readable_within(std::chrono::milliseconds(0)));
  Client live = dial();
  EXPECT_EQ(live.exchange(put("live", std::string(kMiB, 'v'))).status, 200);
  EXPECT_TRUE(cache_.get("live") == std::string(kMiB, 'v'));
  const auto answered = [](Client& client) {
    return client.readable_within(std::chrono::milliseconds(0));
  };
  EXPECT_TRUE(std::any_of(stalled.begin(), stalled.end(), answered)) << "somebody made room";
  for (Client& client : stalled) {
    if (answered(client)) expect_refused(client);
  }
  EXPECT_EQ(cache_.get("stalled0"), std::nullopt);
}

TEST_F(ConnectionMemoryTest, TheLiveGetThroughACrowdThatStandsStill) {
  serve();
  std::vector<Client> crowd;
  for (int i = 0; i < 100; ++i) crowd.push_back(send_part("crowd", kMiB, 100'000));
  Client small = dial();
  Client live = dial();
  for (int i = 0; i < 5; ++i) {
    const std::string key = "live" + std::to_string(i);
    EXPECT_EQ(live.exchange(put(key, std::string(kHalf, 'v'))).status, 200);
    EXPECT_TRUE(cache_.get(key) == std::string(kHalf, 'v'));
    EXPECT_EQ(small.exchange(put("small", "v")).status, 200) << "little is always taken";
  }
  EXPECT_LE(server_->connection_bytes(), 4 * kMiB);
}

TEST_F(ConnectionMemoryTest, WhoeverWaitsIsServedInTheEnd) {
  constexpr int kClients = 30;
  serve();
  std::atomic<int> served{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) {
    threads.emplace_back([&, i] {
      const std::string key = "k" + std::to_string(i);
      if (dial().exchange(put(key, std::string(kMiB / 2, 'v'))).status == 200) ++served;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_GE(served, kClients / 2) << "a thread may stand still longer than is allowed";
  EXPECT_EQ(dial().exchange(put("k", std::string(kMiB, 'v'))).status, 200);
}

TEST_F(ConnectionMemoryTest, WhoeverWaitsIsCutWhenTheServerMustStop) {
  serve();
  std::vector<Client> crowd;
  for (int i = 0; i < 20; ++i) crowd.push_back(send_part("crowd", kMiB, 100'000));
  ASSERT_TRUE(eventually([&] { return server_->connections() >= 10; }));
  server_->stop(std::chrono::milliseconds(1));
  EXPECT_FALSE(server_->wait());
  EXPECT_EQ(server_->connections(), 0U);
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
  constexpr std::size_t kClients = 24;
  store("k", 250'000);
  serve();
  std::string batch;
  for (int i = 0; i < 200; ++i) batch += get("/get?key=k");
  std::vector<Client> stalled;
  for (std::size_t i = 0; i < kClients; ++i) {
    stalled.push_back(Client::unconnected(16 * 1024));
    stalled.back().connect({"127.0.0.1", server_->port()});
    stalled.back().send(batch);
  }
  EXPECT_TRUE(eventually([&] { return server_->connections() < kClients; }));
  EXPECT_LE(server_->connection_bytes(), 3 * kMiB);
  EXPECT_EQ(dial().exchange(put("k", std::string(kMiB, 'v'))).status, 200);
}

TEST_F(ConnectionMemoryTest, WhoeverHasBegunNothingHoldsNobodyUp) {
  serve();
  std::vector<Client> idle;
  for (int i = 0; i < 8; ++i) {
    idle.push_back(dial());
    idle.back().send("POST /put HTTP/1.1\r\nHost: cubby\r\nTransfer-Encoding: chunked\r\n\r\n");
    idle.back().send("5");
  }
  EXPECT_EQ(dial().exchange(put("live", std::string(kMiB, 'v'))).status, 200);
}

TEST_F(ConnectionMemoryTest, ATrickleIsNotEnough) {
  serve();
  std::vector<Client> slow;
  for (int i = 0; i < 3; ++i) {
    slow.push_back(hold_part("slow" + std::to_string(i), kMiB, kHalf));
  }
  std::atomic<bool> done{false};
  std::thread trickle([&] {
    Client pace = dial();
    while (!done) {
      for (int i = 0; i < 100; ++i) pace.exchange(get("/health"));
      for (Client& client : slow) {
        try {
          client.send("v");
        } catch (const std::runtime_error&) {
          // It has been refused.
        }
      }
    }
  });
  EXPECT_EQ(dial().exchange(put("live", std::string(kMiB, 'v'))).status, 200);
  done = true;
  trickle.join();
}

TEST_F(ConnectionMemoryTest, LittleOfUnknownLengthIsAlwaysTaken) {
  serve();
  std::vector<Client> stalled;
  for (int i = 0; i < 3; ++i) {
    stalled.push_back(hold_part("stalled" + std::to_string(i), kMiB, kHalf));
  }
  Client waiting = send_part("waiting", kMiB, kHalf);
  Client live = dial();
  live.send("POST /put HTTP/1.1\r\nHost: cubby\r\nTransfer-Encoding: chunked\r\n\r\n17");
  live.send("\r\n{\"key\":\"a\",\"value\":\"b\"}\r\n0\r\n\r\n");
  EXPECT_EQ(live.receive().status, 200);
}

TEST_F(ConnectionMemoryTest, ANextBodyNeedsAPromiseOfItsOwn) {
  constexpr int kClients = 12;
  serve();
  const std::string first = put("first", std::string(30'000, 'v'));
  const std::string second = put("second", std::string(kMiB, 'v')).substr(0, 300'000);
  std::vector<Client> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(dial());
    clients.back().send(std::string_view(first).substr(0, 5000));
  }
  for (Client& client : clients) client.send(first.substr(5000) + second.substr(0, 1000));
  for (Client& client : clients) EXPECT_EQ(client.receive().status, 200);
  for (Client& client : clients) client.send_some(std::string_view(second).substr(1000));
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
  while (std::chrono::steady_clock::now() < until) {
    ASSERT_LE(server_->connection_bytes(), 3 * kMiB / 2 + kClients * 80'000);
  }
}

TEST_F(ConnectionMemoryTest, StalledReadersDoNotKeepWhatIsGone) {
  constexpr std::size_t kReaders = 8;
  constexpr std::size_t kValue = 5 * kMiB;
  serve();
  std::vector<Client> stalled;
  for (std::size_t i = 0; i < kReaders; ++i) {
    const std::string key = "k" + std::to_string(i);
    store(key, kValue);
    stalled.push_back(Client::unconnected(16 * 1024));
    stalled.back().connect({"127.0.0.1", server_->port()});
    stalled.back().send(get("/get?key=" + key));
    ASSERT_TRUE(stalled.back().readable_within(kPatience));
  }
  cache_.clear();
  while (cache_.maintain()) {
  }
  EXPECT_GE(cache_.stats().detached_bytes, kReaders * kValue);
  EXPECT_TRUE(eventually([&] { return cache_.stats().detached_bytes <= 5 * kValue; }));
  EXPECT_GE(cache_.stats().detached_bytes, kValue) << "some may stay";
}

TEST_F(ConnectionMemoryTest, OneThatStandsStillWithAllMemoryLetsGoWhenItIsWanted) {
  options_.limits.max_value_bytes = 128 * kMiB;
  serve(2);
  Client hog = hold_part("hog", 80 * kMiB, 62 * kMiB);
  Client live = dial();
  live.exchange(get("/health"));
  EXPECT_TRUE(eventually([&] {
    return live.exchange(put("k", std::string(2 * kMiB, 'v'))).status == 200;
  })) << "it tries again until there is room";
  expect_refused(hog);
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
  EXPECT_GE(server_->connection_bytes(), 100U * 700);
  EXPECT_LE(server_->connection_bytes(), 100U * 900);
  clients.clear();
  EXPECT_TRUE(eventually([&] { return server_->connection_bytes() == 0; }));
}

}  // namespace
}  // namespace cubby::server
