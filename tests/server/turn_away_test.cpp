// Connections beyond the limits.

#include <string>
#include <vector>

#include "server/server_fixture.hpp"

namespace cubby::server {
namespace {

class TurnAwayTest : public ServerTest {
 protected:
  TurnAwayTest() { options_.admission.max_connections = 3; }

  // Open connections that have been served.
  std::vector<Client> fill() {
    std::vector<Client> clients;
    for (std::size_t i = 0; i < options_.admission.max_connections; ++i) {
      clients.push_back(dial());
      EXPECT_EQ(clients.back().exchange(get("/health")).status, 200);
    }
    return clients;
  }

  // Until the only worker is done with what it does at the moment.
  static void let_it_go_on(Client& client) {
    EXPECT_EQ(client.exchange(get("/health")).status, 200);
  }

  static void expect_turned_away(Client& client) {
    const auto reply = client.receive();
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.field("Retry-After"), "1");
    EXPECT_TRUE(says_close(reply));
    EXPECT_NE(reply.body.find("too many connections"), std::string::npos);
    EXPECT_TRUE(client.closed_by_peer());
  }
};

TEST_F(TurnAwayTest, TheOneBeyondTheLimitIsTold) {
  serve(2);
  auto clients = fill();
  Client late = dial();
  late.send(put("late", "v"));
  expect_turned_away(late);
  EXPECT_EQ(cache_.get("late"), std::nullopt);
  for (Client& client : clients) EXPECT_EQ(client.exchange(get("/health")).status, 200);
  const std::string report = clients.front().exchange(get("/v1/stats")).body;
  EXPECT_NE(report.find(R"("limit":3,"accepted":4,"turned_away":1,)"), std::string::npos) << report;
  EXPECT_NE(report.find(R"("replies":{"2xx":6,"3xx":0,"4xx":0,"5xx":1},)"), std::string::npos)
      << report;
}

TEST_F(TurnAwayTest, IsToldEvenWhenItSaysNothing) {
  options_.clock = &clock_;
  options_.tick = std::chrono::milliseconds(5);
  serve();
  auto clients = fill();
  Client late = dial();
  ASSERT_TRUE(eventually([&] { return server_->connections() == 4; }));
  let_it_go_on(clients.front());
  EXPECT_FALSE(late.readable_within(std::chrono::milliseconds(0)));
  clock_.advance(kLingerTime);
  expect_turned_away(late);
}

TEST_F(TurnAwayTest, GoesAwayWhenItDoesNotCloseEither) {
  options_.clock = &clock_;
  options_.tick = std::chrono::milliseconds(5);
  serve();
  auto clients = fill();
  Client late = dial();
  late.send(get("/health"));
  EXPECT_EQ(late.receive().status, 503);
  let_it_go_on(clients.front());
  clock_.advance(kLingerTime);
  EXPECT_TRUE(eventually([&] { return server_->connections() == 3; }));
}

TEST_F(TurnAwayTest, APlaceThatIsFreeAgainIsTaken) {
  serve(2);
  auto clients = fill();
  clients.pop_back();
  ASSERT_TRUE(eventually([&] { return server_->connections() == 2; }));
  Client next = dial();
  EXPECT_EQ(next.exchange(get("/health")).status, 200);
  Client late = dial();
  late.send(get("/health"));
  expect_turned_away(late);
}

TEST_F(TurnAwayTest, ACrowdWaitsInTheBacklogAndIsToldInTheEnd) {
  serve();
  auto clients = fill();
  std::vector<Client> crowd;
  for (std::size_t i = 0; i < 3 * kMostTurnedAway; ++i) crowd.push_back(dial());
  EXPECT_TRUE(eventually([&] { return server_->connections() == 3 + kMostTurnedAway; }));
  for (Client& client : crowd) {
    EXPECT_LE(server_->connections(), 3 + kMostTurnedAway);
    client.send(get("/health"));
    expect_turned_away(client);
  }
  ASSERT_FALSE(problems().empty());
  EXPECT_EQ(problems().front(),
            "cannot accept connections for now: there are as many as there may be");
  EXPECT_EQ(problems().size(), 1U);
}

TEST_F(TurnAwayTest, OneAddressMayHaveALimitOfItsOwn) {
  options_.host = "::";
  options_.admission = {.max_connections_per_ip = 3};
  serve();
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(dial());
  for (Client& client : clients) EXPECT_EQ(client.exchange(get("/health")).status, 200);
  Client late = dial();
  late.send(get("/health"));
  expect_turned_away(late);
  Client other(test::Address{"::1", server_->port()});
  EXPECT_EQ(other.exchange(get("/health")).status, 200);
  clients.pop_back();
  ASSERT_TRUE(eventually([&] { return server_->connections() == 3; }));
  EXPECT_EQ(dial().exchange(get("/health")).status, 200);
}

}  // namespace
}  // namespace cubby::server
