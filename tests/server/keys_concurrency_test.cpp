// Several clients at once at the same keys, over sockets: what is promised to be one step is one.

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/entity_tag.hpp"
#include "protocol/metadata.hpp"
#include "server/server_fixture.hpp"
#include "support/linearizability.hpp"
#include "support/sanitizers.hpp"

namespace cubby::server {
namespace {

using test::KeyEvent;
using test::KeyState;
using test::ReceivedReply;

constexpr int kClients = 8;
constexpr std::size_t kThreads = 2;

std::string request(const std::string& line, const std::string& fields = {},
                    const std::string& body = {}) {
  return line + " HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain; charset=utf-8\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string tag_of(const std::string& value) {
  std::string tag(protocol::kEntityTagBytes, ' ');
  const auto seed = protocol::entity_tag_seed(protocol::kPlainTextType, {});
  protocol::put_entity_tag(tag.data(), protocol::entity_tag_of(seed, value));
  return tag;
}

int count_of(std::string_view part, std::string_view text) {
  int count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; ++count) {
    at += part.size();
  }
  return count;
}

class KeysConcurrencyTest : public ServerTest {
 protected:
  KeysConcurrencyTest() { serve(kThreads); }
  ~KeysConcurrencyTest() override {
    server_.reset();
    EXPECT_EQ(cache_.check_invariants(), "");
  }

  // Runs work(client, number) in a thread each.
  void run_clients(const std::function<void(Client&, int)>& work, int clients = kClients) {
    std::vector<std::thread> threads;
    for (int number = 0; number < clients; ++number) {
      threads.emplace_back([this, &work, number] {
        Client client = dial();
        work(client, number);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

  std::string value_of(const std::string& key) {
    return dial().exchange(request("GET /v1/keys/" + key)).body;
  }
};

TEST_F(KeysConcurrencyTest, NoIncrementIsLost) {
  constexpr std::size_t kIncrements = 10'000;
  constexpr std::size_t kDepth = 100;
  std::vector<std::vector<std::size_t>> sums(kClients);
  run_clients([&sums](Client& client, int number) {
    std::string batch;
    for (std::size_t i = 0; i < kDepth; ++i) batch += request("POST /v1/keys/counter/incr");
    auto& own = sums[static_cast<std::size_t>(number)];
    while (own.size() < kIncrements) {
      client.send(batch);
      for (std::size_t i = 0; i < kDepth; ++i) own.push_back(std::stoul(client.receive().body));
    }
  });
  EXPECT_EQ(value_of("counter"), std::to_string(kClients * kIncrements));
  // Each sum was told to one client, and to each in its order.
  std::vector<std::size_t> all;
  for (const auto& own : sums) {
    EXPECT_TRUE(std::is_sorted(own.begin(), own.end()));
    all.insert(all.end(), own.begin(), own.end());
  }
  std::sort(all.begin(), all.end());
  std::vector<std::size_t> expected(kClients * kIncrements);
  std::iota(expected.begin(), expected.end(), 1);
  EXPECT_EQ(all, expected);
}

TEST_F(KeysConcurrencyTest, NothingOfABatchIsLost) {
  constexpr int kBatches = 100;
  constexpr int kOperations = 100;
  std::string operations = "[";
  for (int i = 0; i < kOperations; ++i) {
    operations += R"({"op":"incr","key":"counter"},)";
    operations += R"({"op":"put","key":"first","value":"","if_none_match":"*"},)";
  }
  operations.back() = ']';
  std::atomic<int> created{0};
  std::atomic<int> refused{0};
  run_clients([&](Client& client, int) {
    for (int i = 0; i < kBatches; ++i) {
      const ReceivedReply reply = client.exchange(request("POST /v1/batch", "", operations));
      ASSERT_EQ(reply.status, 200);
      created += count_of(R"("status":201)", reply.body);
      refused += count_of(R"("status":412)", reply.body);
    }
  });
  constexpr int kAll = kClients * kBatches * kOperations;
  EXPECT_EQ(value_of("counter"), std::to_string(kAll));
  EXPECT_EQ(created, 1);
  EXPECT_EQ(refused, kAll - 1);
}

TEST_F(KeysConcurrencyTest, NoSwapOfABatchIsLost) {
  constexpr int kRounds = test::kSanitized ? 300 : 3000;
  ASSERT_EQ(dial().exchange(request("PUT /v1/keys/sum", "", "0")).status, 201);
  run_clients([](Client& client, int) {
    const auto run = [&client](const std::string& operation) {
      return client.exchange(request("POST /v1/batch", "", "[" + operation + "]")).body;
    };
    const std::string name = R"("value":")";
    for (int done = 0; done < kRounds;) {
      const std::string got = run(R"({"op":"get","key":"sum"})");
      const std::size_t begin = got.find(name) + name.size();
      const std::string old = got.substr(begin, got.find('"', begin) - begin);
      const std::string digits = tag_of(old).substr(1, protocol::kEntityTagBytes - 2);
      const std::string result =
          run(R"({"op":"put","key":"sum","if_match":"\")" + digits + R"(\"","value":")" +
              std::to_string(std::stoi(old) + 1) + "\"}");
      const int replaced = count_of(R"("status":204)", result);
      EXPECT_EQ(replaced + count_of(R"("status":412)", result), 1) << result;
      done += replaced;
    }
  });
  EXPECT_EQ(value_of("sum"), std::to_string(kClients * kRounds));
}

TEST_F(KeysConcurrencyTest, NoSwapIsLost) {
  constexpr int kRounds = test::kSanitized ? 300 : 10'000;
  ASSERT_EQ(dial().exchange(request("PUT /v1/keys/sum", "", "0")).status, 201);
  run_clients([](Client& client, int) {
    for (int done = 0; done < kRounds;) {
      const ReceivedReply got = client.exchange(request("GET /v1/keys/sum"));
      const std::string next = std::to_string(std::stoi(got.body) + 1);
      const std::string condition = "If-Match: " + *got.field("ETag") + "\r\n";
      const int status = client.exchange(request("PUT /v1/keys/sum", condition, next)).status;
      EXPECT_TRUE(status == 204 || status == 412) << status;
      done += status == 204 ? 1 : 0;
    }
  });
  EXPECT_EQ(value_of("sum"), std::to_string(kClients * kRounds));
}

TEST_F(KeysConcurrencyTest, OnlyOneIsTheFirst) {
  constexpr int kKeys = 100;
  std::vector<std::atomic<int>> winners(kKeys);
  std::atomic<int> refused{0};
  std::barrier start(kClients);
  run_clients([&](Client& client, int number) {
    for (int key = 0; key < kKeys; ++key) {
      const std::string put = request("PUT /v1/keys/first" + std::to_string(key),
                                      "If-None-Match: *\r\n", std::to_string(number));
      start.arrive_and_wait();
      const int status = client.exchange(put).status;
      if (status == 201) winners[static_cast<std::size_t>(key)] += 1000 + number;
      refused += status == 412 ? 1 : 0;
    }
  });
  EXPECT_EQ(refused, (kClients - 1) * kKeys);
  for (int key = 0; key < kKeys; ++key) {
    EXPECT_EQ(std::to_string(winners[static_cast<std::size_t>(key)] - 1000),
              value_of("first" + std::to_string(key)));
  }
}

TEST_F(KeysConcurrencyTest, WhatIsTakenIsTakenOnce) {
  constexpr int kRounds = 200;
  std::atomic<int> taken{0};
  std::barrier start(kClients);
  run_clients([&](Client& client, int number) {
    for (int round = 0; round < kRounds; ++round) {
      if (number == 0) client.exchange(request("PUT /v1/keys/job", "", std::to_string(round)));
      start.arrive_and_wait();
      const ReceivedReply reply = client.exchange(request("POST /v1/keys/job/take"));
      if (reply.status == 200) {
        EXPECT_EQ(reply.body, std::to_string(round));
        ++taken;
      }
      start.arrive_and_wait();
    }
  });
  EXPECT_EQ(taken, kRounds);
}

// Small values stay in order, and large ones are joined to outside the lock.
TEST_F(KeysConcurrencyTest, NothingThatIsAppendedIsLost) {
  for (const std::size_t before : {std::size_t{0}, kLargeValueBytes + 1}) {
    constexpr std::size_t kRounds = 50;
    const std::string key = "log" + std::to_string(before);
    ASSERT_EQ(dial().exchange(request("PUT /v1/keys/" + key, "", std::string(before, '.'))).status,
              201);
    run_clients([&key](Client& client, int number) {
      const std::string piece(5, static_cast<char>('a' + number));
      for (std::size_t round = 0; round < kRounds; ++round) {
        const char* const path = round % 2 == 0 ? "/append" : "/prepend";
        EXPECT_EQ(client.exchange(request("POST /v1/keys/" + key + path, "", piece)).status, 200);
      }
    });
    const std::string value = value_of(key);
    EXPECT_EQ(value.size(), before + kClients * kRounds * 5);
    for (int number = 0; number < kClients; ++number) {
      EXPECT_EQ(std::count(value.begin(), value.end(), 'a' + number),
                static_cast<std::ptrdiff_t>(kRounds * 5));
    }
    // Each piece is whole.
    for (std::size_t at = 0; at < value.size(); at += value[at] == '.' ? 1 : 5) {
      if (value[at] == '.') continue;
      ASSERT_EQ(value.substr(at, 5), std::string(5, value[at]));
    }
  }
}

// Whoever has put a value is the only one to say of what type it is, while others join to it.
TEST_F(KeysConcurrencyTest, AJoinKeepsTheTypeThatIsThere) {
  constexpr int kRounds = 3000;
  std::atomic<bool> is_over{false};
  int joined = 0;
  int seen_joined = 0;
  const std::string put = "v";
  const std::string piece(kLargeValueBytes, 'x');
  run_clients(
      [&](Client& client, int number) {
        while (number == 1 && !is_over) {
          const int status =
              client.exchange(request("POST /v1/keys/typed/append", "", piece)).status;
          joined += status == 200 ? 1 : 0;
        }
        for (int round = 0; number == 0 && round < kRounds; ++round) {
          const std::string type = round % 2 == 0 ? "a/even" : "a/odd";
          client.exchange("PUT /v1/keys/typed HTTP/1.1\r\nHost: a\r\nContent-Type: " + type +
                          "\r\nContent-Length: 1\r\n\r\n" + put);
          const ReceivedReply got = client.exchange(request("GET /v1/keys/typed"));
          EXPECT_EQ(got.field("Content-Type"), type);
          seen_joined += got.body.size() > put.size() ? 1 : 0;
        }
        is_over = is_over || number == 0;
      },
      2);
  EXPECT_GT(joined, 0);
  EXPECT_GT(seen_joined, 0);
}

// One of the events of a history, from a connection. Each stores another value, so that none can be
// taken for the one before; `last_seen` is the value that the client knows of.
KeyEvent do_something(Client& client, const std::string& path, std::mt19937& random,
                      const std::string& value, KeyState& last_seen) {
  using Kind = KeyEvent::Kind;
  KeyEvent event;
  event.kind = static_cast<Kind>(random() % 6);
  event.input = value;
  std::string fields;
  if (event.kind == Kind::add) fields = "If-None-Match: *\r\n";
  if (event.kind == Kind::swap) {
    event.expected = last_seen.value_or("0");
    fields = "If-Match: " + tag_of(*event.expected) + "\r\n";
  }
  const auto exchange = [&](const char* method, const char* behind, const std::string& body) {
    return client.exchange(request(method + (" " + path) + behind, fields, body));
  };
  const ReceivedReply reply = event.kind == Kind::get      ? exchange("GET", "", "")
                              : event.kind == Kind::remove ? exchange("DELETE", "", "")
                              : event.kind == Kind::incr   ? exchange("POST", "/incr", "")
                                                           : exchange("PUT", "", event.input);
  event.succeeded = reply.status < 300 || event.kind == Kind::get;
  event.found = reply.status == 204;
  if (reply.status == 200) event.output = reply.body;
  EXPECT_TRUE(reply.status < 300 || reply.status == 404 || reply.status == 412) << reply.status;
  if (event.kind == Kind::get || event.kind == Kind::incr) {
    last_seen = event.output;
  } else if (event.succeeded && event.kind != Kind::remove) {
    last_seen = value;
  }
  return event;
}

TEST_F(KeysConcurrencyTest, HistoriesAreLinearizable) {
  constexpr int kHistories = 4;
  constexpr int kEvents = 500;  // of each client
  constexpr std::size_t kMaxSteps = 1'000'000;
  for (int number = 0; number < kHistories; ++number) {
    const std::string path = "/v1/keys/history" + std::to_string(number);
    std::atomic<std::int64_t> time{0};
    std::vector<std::vector<KeyEvent>> seen(kClients);
    run_clients([&](Client& client, int client_number) {
      std::mt19937 random(static_cast<unsigned>(number * kClients + client_number));
      KeyState last_seen;
      for (int i = 0; i < kEvents; ++i) {
        // Far enough apart for sums to be others too.
        const std::string value = std::to_string((client_number * kEvents + i + 1) * 10'000);
        const std::int64_t begin = time++;
        KeyEvent event = do_something(client, path, random, value, last_seen);
        event.begin = begin;
        event.end = time++;
        seen[static_cast<std::size_t>(client_number)].push_back(std::move(event));
      }
    });
    std::vector<KeyEvent> history;
    for (const auto& own : seen) history.insert(history.end(), own.begin(), own.end());
    EXPECT_EQ(test::check_history(history, {}, kMaxSteps), test::Linearizability::yes);
    // A history in which somebody is told what was not so is none.
    const auto sum = std::find_if(history.begin(), history.end(), [](const KeyEvent& event) {
      return event.kind == KeyEvent::Kind::incr;
    });
    sum->output = "-1000";
    EXPECT_EQ(test::check_history(history, {}, kMaxSteps), test::Linearizability::no);
  }
}

}  // namespace
}  // namespace cubby::server
