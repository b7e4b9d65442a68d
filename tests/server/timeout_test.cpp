// Peers that take their time, from their side of the socket. What counts as too long, to the
// millisecond, is in patience_test.cpp.

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "server/server_fixture.hpp"

namespace cubby::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class TimeoutTest : public ServerTest {
 protected:
  TimeoutTest() {
    options_.clock = &clock_;
    options_.tick = milliseconds(5);
  }

  // A connection whose request the server has begun to read.
  Client begin(std::string_view bytes) {
    Client client = dial();
    client.exchange(get("/health"));
    client.send(bytes);
    return client;
  }

  // Lets so much time pass that a head takes too long, and waits until the server has noticed.
  void advance(seconds by) {
    ASSERT_GE(by, options_.patience.header_timeout);
    Client slow = begin("G");
    let_it_read();
    clock_.advance(by);
    EXPECT_EQ(slow.receive().status, 408);
  }

  // What /v1/stats says of a count.
  bool counts(const std::string& what, int number) {
    const std::string member = '"' + what + "\":" + std::to_string(number);
    const std::string report = dial().exchange(get("/v1/stats")).body;
    return report.find(member + ',') != std::string::npos ||
           report.find(member + '}') != std::string::npos;
  }

  // Until the server must have looked at everything that has arrived: it reads from one connection
  // after the other.
  void let_it_read() {
    Client other = dial();
    for (int i = 0; i < 3; ++i) other.exchange(get("/health"));
  }

  static void expect_timeout(Client& client) {
    const auto reply = client.receive();
    EXPECT_EQ(reply.status, 408);
    EXPECT_TRUE(says_close(reply));
    EXPECT_TRUE(client.closed_by_peer());
  }

  // What is sent next carries the acknowledgement of the reply, which otherwise is late for a clock
  // that jumps.
  static bool is_open(Client& client) {
    const bool answered = client.exchange(get("/health")).status == 200;
    client.send("\r\n");
    return answered;
  }
};

TEST_F(TimeoutTest, AHeadThatTakesTooLongIsAnswered408) {
  serve();
  Client slow = begin("GET /heal");
  let_it_read();
  clock_.advance(seconds(9));
  slow.send("t");
  Client later = begin("GET /heal");
  let_it_read();
  clock_.advance(seconds(1));
  expect_timeout(slow);
  EXPECT_TRUE(counts("closed_slow", 1));
  later.send("th HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(later.receive().status, 200);
}

TEST_F(TimeoutTest, ABodyThatTakesTooLongIsAnswered408) {
  options_.patience.min_rate = 0;
  serve();
  Client slow = begin(put("k", std::string(1000, 'v')).substr(0, 500));
  let_it_read();
  for (int i = 0; i < 29; ++i) {
    clock_.advance(seconds(1));
    slow.send("v");
    let_it_read();
  }
  EXPECT_FALSE(slow.readable_within(milliseconds(0)));
  clock_.advance(seconds(1));
  expect_timeout(slow);
  EXPECT_EQ(cache_.get("k"), std::nullopt);
}

TEST_F(TimeoutTest, ABodyThatTricklesIsAnswered408) {
  serve();
  const std::string request = put("k", std::string(20'000, 'v'));
  Client trickle = begin(std::string_view(request).substr(0, 4000));
  Client flow = begin(std::string_view(request).substr(0, 6000));
  let_it_read();
  clock_.advance(seconds(11));
  expect_timeout(trickle);
  flow.send(std::string_view(request).substr(6000));
  EXPECT_EQ(flow.receive().status, 200);
}

TEST_F(TimeoutTest, ABodyThatWaitsForMemoryIsTold503) {
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  options_.connection_memory_bytes = 2 * kMiB;
  options_.tick = seconds(1);  // so that nobody is refused before for being slow
  serve();
  std::vector<Client> crowd;
  for (int i = 0; i < 4; ++i) {
    crowd.push_back(dial());
    crowd.back().send(std::string_view(put("k", std::string(kMiB, 'v'))).substr(0, 100'000));
  }
  let_it_read();
  clock_.advance(seconds(60));
  int refused = 0;
  for (Client& client : crowd) {
    const int status = client.receive().status;
    EXPECT_TRUE(status == 408 || status == 503) << status;
    if (status == 503) ++refused;
    EXPECT_TRUE(client.closed_by_peer());
  }
  EXPECT_GE(refused, 1);
}

TEST_F(TimeoutTest, IdleConnectionsAreClosedWithoutAWord) {
  serve();
  Client fresh = dial();
  Client used = dial();
  EXPECT_TRUE(is_open(used));
  let_it_read();
  advance(seconds(60));
  EXPECT_TRUE(is_open(used));
  let_it_read();
  advance(seconds(16));
  EXPECT_TRUE(fresh.closed_by_peer());
  EXPECT_TRUE(counts("closed_idle", 1));
  EXPECT_TRUE(is_open(used));
  let_it_read();
  advance(seconds(76));
  EXPECT_TRUE(used.closed_by_peer());
}

TEST_F(TimeoutTest, AReaderThatStandsStillIsReset) {
  store("k", 60'000'000);
  serve();
  Client stalled = Client::unconnected(16 * 1024);
  stalled.connect({"127.0.0.1", server_->port()});
  stalled.send(get("/get?key=k"));
  ASSERT_TRUE(stalled.readable_within(kPatience));
  EXPECT_TRUE(eventually([&] { return server_->connections() == 1; }));
  let_it_read();
  clock_.advance(seconds(11));
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
  EXPECT_THROW(stalled.receive_all(), std::system_error) << "nothing is kept for it";
  EXPECT_TRUE(counts("closed_stalled", 1));
}

TEST_F(TimeoutTest, AReaderThatGetsOnMayTakeLong) {
  constexpr std::size_t kValue = 30'000'000;
  store("k", kValue);
  serve();
  Client slow = dial();
  slow.send(get("/get?key=k"));
  std::size_t received = 0;
  while (received < kValue) {
    const std::size_t goal = std::min(received + kValue / 20, kValue);
    while (received < goal) {
      const std::string_view some = slow.receive_some();
      ASSERT_FALSE(some.empty()) << "after " << received;
      received += some.size();
    }
    clock_.advance(seconds(8));
  }
}

class UnreadTest : public TimeoutTest {
 protected:
  UnreadTest() { store("k", 100'000); }

  // A connection that is sent what it does not read.
  Client ask(const std::string& request) {
    Client client = Client::unconnected(4 * 1024);
    client.connect({"127.0.0.1", server_->port()});
    client.send(request);
    EXPECT_TRUE(client.readable_within(kPatience));
    let_it_read();
    return client;
  }
};

TEST_F(UnreadTest, IsNotKeptByTheKernelForLong) {
  serve();
  Client stalled = ask(get("/get?key=k"));
  advance(seconds(11));
  EXPECT_TRUE(counts("closed_stalled", 0));
  advance(seconds(11));
  EXPECT_TRUE(counts("closed_stalled", 1));
  EXPECT_THROW(stalled.receive_all(), std::system_error);
}

TEST_F(UnreadTest, IsNotReadByAskingForMore) {
  serve();
  Client stalled = ask(get("/get?key=k"));
  for (int i = 0; i < 3; ++i) {
    try {
      stalled.send(get("/health"));
    } catch (const std::system_error&) {
      break;
    }
    let_it_read();
    advance(seconds(10));
  }
  EXPECT_TRUE(counts("closed_stalled", 1));
}

TEST_F(UnreadTest, IsNotLeftToTheKernelAtTheEnd) {
  options_.admission.max_connections = 10;
  serve();
  Client stalled = ask("GET /get?key=k HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(counts("open", 2)) << "it keeps its place";
  advance(seconds(11));
  EXPECT_TRUE(counts("closed_stalled", 1));
}

TEST_F(UnreadTest, WhoReadsItWhenTheConnectionIsAtItsEndGetsItWhole) {
  serve();
  Client late = ask("GET /get?key=k HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(late.receive().body.size(),
            std::string(R"({"status":"OK","key":"k","value":""})").size() + 100'000);
  EXPECT_TRUE(late.closed_by_peer());
  late.end_writing();
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
}

// Of a stop of the process, or of the machine's sleep, peers know nothing.
TEST_F(TimeoutTest, WhatArrivedWhileTheServerStoodStillIsRead) {
  options_.tick = seconds(1);
  serve();
  Client client = begin("GET /heal");
  let_it_read();
  clock_.advance(seconds(80));
  client.send("th HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_TRUE(is_open(client)) << "and has its time from then";
}

TEST_F(TimeoutTest, ARefusalThatNobodyIsSentIsNotCounted) {
  options_.connection_memory_bytes = std::size_t{1} << 20;
  store("k", 250'000);
  serve();
  std::string batch;
  for (int i = 0; i < 200; ++i) batch += get("/get?key=k");
  std::vector<Client> stalled;
  for (int i = 0; i < 12; ++i) {
    stalled.push_back(Client::unconnected(16 * 1024));
    stalled.back().connect({"127.0.0.1", server_->port()});
    stalled.back().send(batch);
  }
  EXPECT_TRUE(eventually([&] { return server_->connections() < 12; }));
  EXPECT_TRUE(counts("5xx", 0));
}

}  // namespace
}  // namespace cubby::server
