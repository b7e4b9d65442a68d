#include <atomic>
#include <thread>

#include "server/server_fixture.hpp"

namespace cubby::server {
namespace {

// A client that pipelines without reading finds that the server stops reading, so that what it
// holds for it stays bounded; when the client reads, everything is answered, in order.
TEST_F(ServerTest, StopsReadingWhileThePeerDoesNotRead) {
  constexpr std::size_t kLimit = std::size_t{32} << 20;
  store("k", 2000);
  serve();
  Client client = Client::unconnected(16 * 1024);
  client.connect({"127.0.0.1", server_->port()});
  const std::string request = get("/get?key=k");
  const std::size_t sent =
      client.send_until_blocked(request, kLimit, std::chrono::milliseconds(200));
  ASSERT_LT(sent, kLimit);

  EXPECT_EQ(dial().exchange(get("/health")).status, 200) << "others are served meanwhile";

  const std::size_t whole = sent / request.size();
  for (std::size_t i = 0; i < whole; ++i) ASSERT_EQ(client.receive().status, 200) << i;
  client.send(request.substr(sent % request.size()) + get("/health"));
  ASSERT_EQ(client.receive().status, 200);
  EXPECT_EQ(client.receive().body, "OK\n");
}

TEST_F(ServerTest, FinishesARequestWhoseBytesArrivedBeforeAFullOutput) {
  constexpr int kRequests = 100;
  store("large", 500'000);
  serve();
  Client client = Client::unconnected(16 * 1024);
  client.connect({"127.0.0.1", server_->port()});
  std::string batch;
  for (int i = 0; i < kRequests; ++i) batch += get("/get?key=large");
  client.send(batch);  // arrives in one read; answered a cap's worth at a time
  for (int i = 0; i < kRequests; ++i) ASSERT_GT(client.receive().body.size(), 500'000U);
}

// Twelve values of 100 kB, all of which ten clients want at once, in 8 MiB.
TEST_F(ServerTest, BatchesThatAreNotReadTakeLittleMemory) {
  constexpr int kClients = 10;
  constexpr int kValues = 12;
  constexpr std::size_t kValueBytes = 100'000;
  Cache cache({.max_memory_bytes = std::size_t{8} << 20});
  std::string body = "[";
  for (int i = 0; i < kValues; ++i) {
    cache.put("k" + std::to_string(i), std::string(kValueBytes, 'v'));
    body += (i > 0 ? R"(,{"op":"get","key":"k)" : R"({"op":"get","key":"k)") + std::to_string(i) +
            R"("})";
  }
  body += "]";
  const auto serving = serve(cache);
  std::vector<Client> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(Client::unconnected(16 * 1024));
    clients.back().connect({"127.0.0.1", server_->port()});
    clients.back().send("POST /v1/batch HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                        std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  for (Client& client : clients) ASSERT_TRUE(client.readable_within(kPatience));
  for (Client& client : clients) {
    const auto reply = client.receive();
    EXPECT_EQ(reply.field("Transfer-Encoding"), "chunked");
    EXPECT_GT(reply.body.size(), kValues * kValueBytes);
    EXPECT_EQ(reply.body.find(R"("status":404)"), std::string::npos);
    EXPECT_EQ(reply.body.find(R"("status":503)"), std::string::npos);
  }
  EXPECT_EQ(cache.stats().evictions, 0U);
}

TEST_F(ServerTest, ClosesWhenThePeerOfAStalledReplyGoes) {
  store("large", std::size_t{1} << 20);
  serve();
  Client client = Client::unconnected(16 * 1024);
  client.connect({"127.0.0.1", server_->port()});
  for (int i = 0; i < 20; ++i) client.send(get("/get?key=large"));
  ASSERT_TRUE(client.readable_within(kPatience));
  client.reset();
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
}

TEST_F(ServerTest, LetsOthersTakeTurnsWithAnEndlessPipeline) {
  serve();
  std::atomic<bool> enough{false};
  Client flood = dial();
  std::string batch;
  for (int i = 0; i < 2000; ++i) batch += get("/health");
  std::thread writer([&] {
    while (!enough) flood.send(batch);
    flood.end_writing();
  });
  std::thread reader([&] { flood.receive_all(); });
  Client client = dial();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.exchange(get("/health")).status, 200);
  enough = true;
  writer.join();
  reader.join();
}

// How many requests of others are answered before the one of whoever comes last.
TEST_F(ServerTest, ACrowdWithEndlessPipelinesHoldsNewcomersUpForATurnEach) {
  constexpr int kCrowd = 40;
  std::atomic<int> answered{0};
  std::atomic<int> answered_before{0};
  options_.on_request = [&](const protocol::RequestRecord& request) {
    ++answered;
    if (request.path == "/health") answered_before = answered.load();
  };
  bind();
  std::string batch;
  while (batch.size() < 200'000) batch += get("/get?key=none");
  std::vector<Client> crowd;
  for (int i = 0; i < kCrowd; ++i) {
    crowd.push_back(dial());
    crowd.back().send_some(batch);
  }
  Client newcomer = dial();
  newcomer.send(get("/health"));
  server_->start();
  EXPECT_EQ(newcomer.receive().status, 200);
  EXPECT_LE(answered_before, 3 * kCrowd * 32);
  server_.reset();
}

}  // namespace
}  // namespace cubby::server
