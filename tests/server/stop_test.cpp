#include <atomic>
#include <optional>
#include <thread>

#include "server/server_fixture.hpp"

namespace cubby::server {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::minutes kAmple{10};

class StopTest : public ServerTest {
 protected:
  // Begins to stop, and returns when the worker knows (with one worker, the listener closes first).
  void stop(milliseconds timeout = kAmple) {
    server_->stop(timeout);
    ASSERT_TRUE(stops_listening());
  }
};

TEST_F(StopTest, NeverStarted) {
  bind();
  Client waiting = dial();
  EXPECT_TRUE(server_->wait());
  server_.reset();
  EXPECT_TRUE(waiting.closed_by_peer());
}

TEST_F(StopTest, WithoutConnections) {
  serve(2);
  stop();
  EXPECT_TRUE(server_->wait());
  EXPECT_TRUE(server_->wait()) << "asking again changes nothing";
}

TEST_F(StopTest, DestroyedWhileServing) {
  serve(2);
  Client client = dial();
  EXPECT_EQ(client.exchange(get("/health")).status, 200);
  server_.reset();
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(StopTest, AskedForTwiceAndFromManyThreads) {
  serve(2);
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) callers.emplace_back([&] { server_->stop(kAmple); });
  for (auto& caller : callers) caller.join();
  server_->stop(milliseconds(0));
  EXPECT_TRUE(server_->wait());
  server_->stop(kAmple);
  server_->abort();
}

TEST_F(StopTest, ClosesIdleConnections) {
  serve(2);
  Client fresh = dial();
  Client used = dial();
  EXPECT_EQ(used.exchange(get("/health")).status, 200);
  stop();
  EXPECT_TRUE(fresh.closed_by_peer());
  EXPECT_TRUE(used.closed_by_peer());
  EXPECT_TRUE(server_->wait());
}

TEST_F(StopTest, AnswersWhatWaitsInTheBacklog) {
  bind(2);
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(dial());
    clients.back().send(get("/health"));
  }
  server_->stop(kAmple);
  server_->start();
  for (Client& client : clients) {
    EXPECT_EQ(client.receive().status, 200);
    EXPECT_TRUE(client.closed_by_peer());
  }
  EXPECT_TRUE(server_->wait());
}

TEST_F(StopTest, AnswersAllThatWaitsInTheBacklogHoweverMuchItIs) {
  constexpr int kClients = 100;
  constexpr int kRequests = 100;
  store("k", 3000);
  bind();
  std::string batch;
  for (int i = 0; i < kRequests; ++i) batch += get("/get?key=k");
  std::vector<Client> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(dial());
    clients.back().send(batch);
  }
  server_->start();
  server_->stop(kPatience);
  for (Client& client : clients) {
    for (int i = 0; i < kRequests; ++i) ASSERT_EQ(client.receive().status, 200) << i;
    client.end_writing();
  }
  EXPECT_TRUE(server_->wait());
}

TEST_F(StopTest, AnswersEveryRequestThatWasSentBefore) {
  serve(2);
  std::vector<Client> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(dial());
    EXPECT_EQ(clients.back().exchange(get("/health")).status, 200);
  }
  for (Client& client : clients) client.send(get("/health"));
  server_->stop(kAmple);
  for (Client& client : clients) EXPECT_EQ(client.receive().status, 200);
  EXPECT_TRUE(server_->wait());
}

// The reply that says "close" must be the last one that comes, and the only one that says so.
TEST_F(StopTest, CompletesWhatHasBegunAndSaysCloseOnce) {
  constexpr int kMore = 4;
  serve();
  Client client = dial();
  const std::string request = get("/health");
  EXPECT_EQ(client.exchange(request + request.substr(0, 20)).status, 200);
  stop();
  std::string batch = request.substr(20);
  for (int i = 0; i < kMore; ++i) batch += request;
  client.send(batch);
  for (int i = 0; i < kMore; ++i) EXPECT_FALSE(says_close(client.receive())) << i;
  EXPECT_TRUE(says_close(client.receive()));
  EXPECT_EQ(client.receive_all(), "");
  EXPECT_TRUE(server_->wait());
}

TEST_F(StopTest, CompletesABody) {
  serve();
  Client client = dial();
  const std::string request = put("k", std::string(300'000, 'v'));
  client.send(request.substr(0, 100'000));
  stop();
  client.send(request.substr(100'000, 100'000));
  client.send(request.substr(200'000));
  const auto reply = client.receive();
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(says_close(reply));
  EXPECT_TRUE(server_->wait());
}

TEST_F(StopTest, SendsRepliesThatThePeerHasNotReadYet) {
  constexpr int kRequests = 40;
  store("large", 500'000);
  serve();
  Client client = Client::unconnected(16 * 1024);
  client.connect({"127.0.0.1", server_->port()});
  std::string batch;
  for (int i = 0; i < kRequests; ++i) batch += get("/get?key=large");
  client.send(batch);
  ASSERT_TRUE(client.readable_within(kPatience));
  stop();
  for (int i = 0; i < kRequests; ++i) ASSERT_GT(client.receive().body.size(), 500'000U) << i;
  EXPECT_TRUE(server_->wait());
}

TEST_F(StopTest, CutsAtTheTimeout) {
  serve();
  Client client = dial();
  client.send("GET /health HT");
  stop(milliseconds(1));
  EXPECT_TRUE(client.closed_by_peer());
  EXPECT_FALSE(server_->wait());
}

TEST_F(StopTest, AbortCutsAtOnce) {
  serve(2);
  Client client = dial();
  client.send("GET /health HT");
  EXPECT_TRUE(eventually([&] { return server_->connections() == 1; }));
  server_->stop(kAmple);
  server_->abort();
  EXPECT_TRUE(client.closed_by_peer());
  server_->wait();
  EXPECT_EQ(server_->connections(), 0U);
}

// The worker that has the listener ends first; the other must hear of it all the same.
TEST_F(StopTest, AbortReachesAWorkerThatIsLeftAlone) {
  serve(2);
  std::optional<Client> first = dial();
  EXPECT_EQ(first->exchange(get("/health")).status, 200);
  Client second = dial();
  second.send("GET /health HT");
  EXPECT_TRUE(eventually([&] { return server_->connections() == 2; }));
  first.reset();
  EXPECT_TRUE(eventually([&] { return server_->connections() == 1; }));
  stop();
  server_->abort();
  EXPECT_TRUE(second.closed_by_peer());
  EXPECT_FALSE(server_->wait());
}

// Clients that never pause: what was in the server's hands before stop() is answered.
TEST_F(StopTest, LosesNoReplyUnderLoad) {
  constexpr int kClients = 6;
  constexpr int kDepth = 4;
  serve(2);
  std::atomic<bool> stopping{false};
  std::atomic<int> rounds{0};
  std::string batch;
  for (int i = 0; i < kDepth; ++i) batch += get("/health");
  const auto talk = [&](Client client) {
    bool must_be_answered = false;
    try {
      for (bool open = true; open; ++rounds) {
        client.send(batch);
        must_be_answered = !stopping;
        for (int left = kDepth; left > 0 && open; --left) {
          open = !says_close(client.receive());
          EXPECT_TRUE(open || left == 1 || !must_be_answered);
        }
        must_be_answered = false;
      }
    } catch (const std::exception& error) {
      EXPECT_FALSE(must_be_answered) << error.what();
    }
  };
  std::vector<std::thread> clients;
  for (int id = 0; id < kClients; ++id) clients.emplace_back(talk, dial());
  EXPECT_TRUE(eventually([&] { return rounds > 200; }));
  stopping = true;
  server_->stop(kAmple);
  for (auto& client : clients) client.join();
  EXPECT_TRUE(server_->wait());
}

}  // namespace
}  // namespace cubby::server
