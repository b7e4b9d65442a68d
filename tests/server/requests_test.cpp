#include <ctime>
#include <new>
#include <thread>

#include "server/server_fixture.hpp"
#include "support/manual_clock.hpp"

namespace cubby::server {
namespace {

TEST_F(ServerTest, AnswersSeveralRequestsOnOneConnection) {
  serve();
  Client client = dial();
  EXPECT_EQ(client.exchange(put("k", "v")).status, 200);
  EXPECT_NE(client.exchange(get("/get?key=k")).body.find(R"("value":"v")"), std::string::npos);
  EXPECT_EQ(client.exchange(get("/get?key=other")).status, 404);
  EXPECT_EQ(server_->connections(), 1U);
}

TEST_F(ServerTest, ClosesAfterTheReplyWhenAsked) {
  serve();
  Client client = dial();
  client.send("GET /health HTTP/1.1\r\nHost: cubby\r\nConnection: close\r\n\r\n" + get("/health"));
  EXPECT_EQ(client.receive().body, "OK\n");
  EXPECT_TRUE(client.closed_by_peer());
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  constexpr int kRequests = 1000;
  serve();
  std::string batch;
  for (int i = 0; i < kRequests; ++i) {
    const std::string key = "key" + std::to_string(i);
    cache_.put(key, std::to_string(i));
    batch += get("/get?key=" + key);
  }
  Client client = dial();
  client.send(batch);
  for (int i = 0; i < kRequests; ++i) {
    EXPECT_NE(client.receive().body.find(":\"" + std::to_string(i) + "\"}"), std::string::npos);
  }
}

TEST_F(ServerTest, AnswersRequestsThatArriveByteByByte) {
  serve();
  Client client = dial();
  for (const char byte : put("k", "v") + get("/get?key=k")) client.send({&byte, 1});
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_NE(client.receive().body.find(R"("value":"v")"), std::string::npos);
}

TEST_F(ServerTest, TakesBodiesOfManyReads) {
  constexpr std::size_t kValueBytes = std::size_t{1} << 20;
  serve();
  Client client = dial();
  EXPECT_EQ(client.exchange(put("big", std::string(kValueBytes, 'b'))).status, 200);
  EXPECT_EQ(cache_.get("big").value_or("").size(), kValueBytes);
  EXPECT_GT(client.exchange(get("/get?key=big")).body.size(), kValueBytes);
}

TEST_F(ServerTest, AnswersEverythingThatWasSentBeforeAHalfClose) {
  serve();
  Client client = dial();
  client.send(put("k", "v") + get("/get?key=k") + get("/health"));
  client.end_writing();
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_EQ(client.receive().body, "OK\n");
  EXPECT_EQ(client.receive_all(), "");
}

TEST_F(ServerTest, TellsWhoHalfClosesTooEarly) {
  serve();
  const std::string request = put("k", "v");
  for (const std::size_t size : {std::size_t{1}, std::size_t{20}, request.size() - 1}) {
    Client client = dial();
    client.send(get("/health") + request.substr(0, size));
    client.end_writing();
    EXPECT_EQ(client.receive().status, 200);
    const auto reply = client.receive();
    EXPECT_EQ(reply.status, 400) << size;
    EXPECT_TRUE(says_close(reply)) << size;
    EXPECT_EQ(client.receive_all(), "");
  }
  EXPECT_EQ(cache_.get("k"), std::nullopt);
}

TEST_F(ServerTest, SurvivesResets) {
  store("large", std::size_t{1} << 20);
  serve();
  for (int i = 0; i < 20; ++i) {
    for (const std::string& sent :
         {std::string(), std::string("GET /hea"), get("/health"), get("/get?key=large")}) {
      Client client = dial();
      client.send(sent);
      client.reset();
    }
  }
  EXPECT_EQ(dial().exchange(get("/health")).status, 200);
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
  EXPECT_TRUE(problems().empty());
}

TEST_F(ServerTest, ServesManyClientsAtOnce) {
  constexpr int kClients = 8;
  constexpr int kRounds = 200;
  serve(2);
  std::vector<std::thread> clients;
  for (int id = 0; id < kClients; ++id) {
    clients.emplace_back([&, id] {
      Client client = dial();
      const std::string key = "c" + std::to_string(id);
      for (int round = 0; round < kRounds; ++round) {
        const std::string value = std::to_string(round);
        client.send(put(key, value) + get("/get?key=" + key));
        EXPECT_EQ(client.receive().status, 200);
        EXPECT_NE(client.receive().body.find(":\"" + value + "\"}"), std::string::npos);
      }
    });
  }
  for (auto& client : clients) client.join();
}

TEST_F(ServerTest, ClosesOnlyTheConnectionThatMemoryRunsOutFor) {
  CacheOptions cache_options;
  cache_options.charge = [](std::string_view key, std::size_t) -> std::size_t {
    if (key == "poison") throw std::bad_alloc();
    return 1;
  };
  Cache cache(cache_options);
  const auto server = serve(cache);
  Client bystander = dial();
  Client victim = dial();
  EXPECT_EQ(victim.exchange(put("k", "v")).status, 200);
  victim.send(put("poison", "v"));
  EXPECT_TRUE(victim.closed_by_peer());
  EXPECT_EQ(bystander.exchange(get("/health")).body, "OK\n");
  EXPECT_EQ(problems(), std::vector<std::string>{"a connection was closed: std::bad_alloc"});
}

TEST_F(ServerTest, ReportsItsMemory) {
  options_.memory_source = "set by a test";
  serve(2);
  Client client = dial();
  Client idle = dial();
  EXPECT_EQ(idle.exchange(get("/health")).status, 200);
  const std::string report = client.exchange(get("/v1/memory")).body;
  for (const char* part :
       {"\"limit_bytes\":67108864,", "\"limit_source\":\"set by a test\",", "\"connections\":2,"}) {
    EXPECT_NE(report.find(part), std::string::npos) << part << " in " << report;
  }
  EXPECT_EQ(report.find("\"connection_bytes\":0,"), std::string::npos) << report;
  EXPECT_EQ(report.find("\"rss_bytes\":0,"), std::string::npos) << report;
}

TEST_F(ServerTest, CountsItsRepliesByTheirClass) {
  serve();
  Client client = dial();
  EXPECT_EQ(client.exchange(put("k", "v")).status, 200);
  const std::string known = "GET /v1/keys/k HTTP/1.1\r\nHost: cubby\r\nIf-None-Match: *\r\n\r\n";
  EXPECT_EQ(client.exchange(known).status, 304);
  EXPECT_EQ(client.exchange(get("/v1/keys/other")).status, 404);
  const std::string report = client.exchange(get("/v1/stats")).body;
  EXPECT_NE(report.find(R"("replies":{"2xx":1,"3xx":1,"4xx":1,"5xx":0},)"), std::string::npos)
      << report;
}

TEST_F(ServerTest, GivesTheMemoryOfExpiredEntriesBackUnasked) {
  test::ManualClock clock;
  CacheOptions cache_options;
  cache_options.clock = &clock;
  Cache cache(cache_options);
  for (int i = 0; i < 5000; ++i) {
    cache.put("key" + std::to_string(i), std::string(1000, 'v'), {.ttl = std::chrono::seconds(60)});
  }
  const auto server = serve(cache);
  EXPECT_EQ(cache.stats().entries, 5000U);
  clock.advance(std::chrono::seconds(60));
  EXPECT_TRUE(eventually([&] { return cache.stats().entries == 0; }));
  EXPECT_TRUE(eventually([&] { return cache.stats().slack_bytes < 3'000'000; }));
  EXPECT_EQ(cache.stats().expirations, 5000U);
}

std::time_t parse_date(const std::string& text) {
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return end != nullptr && *end == '\0' ? ::timegm(&parts) : 0;
}

// Not std::time(), which may lag some milliseconds behind.
std::time_t now() { return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()); }

TEST_F(ServerTest, GivesEveryWorkersEntriesTheDefaultTimeToLive) {
  test::ManualClock clock;
  CacheOptions options;
  options.clock = &clock;
  Cache cache(options);
  options_.threads = 2;
  options_.ttl.default_ttl = std::chrono::seconds(10);
  Server server(cache, options_);
  server.start();
  Client one(server.port());
  one.exchange(put("k1", "v"));
  Client two(server.port());
  two.exchange(put("k2", "v"));
  clock.advance(std::chrono::milliseconds(9999));
  EXPECT_EQ(cache.get("k1"), "v");
  EXPECT_EQ(cache.get("k2"), "v");
  clock.advance(std::chrono::milliseconds(1));
  EXPECT_FALSE(cache.get("k1"));
  EXPECT_FALSE(cache.get("k2"));
}

// Workers that chose alike would have entries that were put together expire together.
TEST_F(ServerTest, JittersDifferentlyInEveryWorker) {
  constexpr int kKeys = 64;
  test::ManualClock clock;
  CacheOptions options;
  options.clock = &clock;
  Cache cache(options);
  options_.threads = 2;
  options_.ttl = {.default_ttl = std::chrono::seconds(1000), .jitter = 1};
  Server server(cache, options_);
  server.start();
  Client one(server.port());
  EXPECT_EQ(one.exchange(get("/health")).status, 200);
  Client two(server.port());
  for (int i = 0; i < kKeys; ++i) {
    one.exchange(put("a" + std::to_string(i), "v"));
    two.exchange(put("b" + std::to_string(i), "v"));
  }
  clock.advance(std::chrono::seconds(500));
  bool differ = false;
  for (int i = 0; i < kKeys; ++i) {
    differ = differ || cache.get("a" + std::to_string(i)).has_value() !=
                           cache.get("b" + std::to_string(i)).has_value();
  }
  EXPECT_TRUE(differ);
}

TEST_F(ServerTest, KeepsTheDateUpToDate) {
  serve();
  Client client = dial();
  std::string first;
  EXPECT_TRUE(eventually([&] {
    const std::time_t before = now();
    const std::string date = client.exchange(get("/health")).field("Date").value_or("");
    const std::time_t after = now();
    EXPECT_GE(parse_date(date), before - 1);
    EXPECT_LE(parse_date(date), after);
    if (first.empty()) first = date;
    return date != first;
  }));
}

class ServerHostTest : public ServerTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(ServerHostTest, IsReached) {
  options_.host = GetParam();
  serve();
  const bool v4 = options_.host == "127.0.0.1" || options_.host == "localhost";
  for (const char* host : {"127.0.0.1", "::1"}) {
    const bool expected = options_.host == "::" || (host == std::string("127.0.0.1")) == v4;
    if (!expected) continue;
    Client client(test::Address{host, server_->port()});
    EXPECT_EQ(client.exchange(get("/health")).status, 200) << host;
  }
}

INSTANTIATE_TEST_SUITE_P(Hosts, ServerHostTest,
                         ::testing::Values("127.0.0.1", "localhost", "::1", "::"));

}  // namespace
}  // namespace cubby::server
