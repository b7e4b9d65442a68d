// What is read ahead, and that it shows in nothing.

#include "protocol/look_ahead.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/route.hpp"
#include "support/loopback.hpp"

namespace cubby::protocol {
namespace {

using test::Loopback;
using test::World;

std::string get(const std::string& key, const std::string& fields = "") {
  return "GET /get?key=" + key + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

std::string put(const std::string& key, const std::string& value) {
  const std::string body = R"({"key":")" + key + R"(","value":")" + value + "\"}";
  return "POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

constexpr TtlOptions kShortLives{.default_ttl = std::chrono::milliseconds(20)};

class LookAheadTest : public testing::Test {
 protected:
  // How many requests are read ahead at the beginning of `input`, once it has been answered before.
  std::size_t count(const std::string& input, std::size_t most = LookAhead::kMost) {
    Loopback(world_).send(input);
    return LookAhead(world_.context, input, most).requests().size();
  }

  World world_{{}, kShortLives};
};

TEST_F(LookAheadTest, ReadsWhatIsWholeAndSimple) {
  EXPECT_EQ(LookAhead(world_.context, get("a") + get("b"), 16).requests().size(), 0U);
  EXPECT_EQ(count(get("a") + put("b", "v") + get("c")), 3U);
  EXPECT_EQ(count(get("a") + get("b") + get("c"), 2), 2U);
  std::string many;
  for (std::size_t i = 0; i <= LookAhead::kMost; ++i) many += get("a");
  EXPECT_EQ(count(many, 1000), LookAhead::kMost);
}

TEST_F(LookAheadTest, StopsBeforeAnythingElse) {
  for (const std::string& other :
       {get("%62"), get("b+c"), get("b&c=d"), get("b", "Expect: 100-continue\r\n"),
        "\r\n" + get("b"),
        std::string(
            "POST /put HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")}) {
    EXPECT_EQ(count(get("a") + other + get("c")), 1U) << other;
  }
  for (const std::string& whole : {get("b"), put("b", "v")}) {
    EXPECT_EQ(count(get("a") + whole), 2U) << whole;
    EXPECT_EQ(count(get("a") + whole.substr(0, whole.size() - 1)), 1U) << whole;
  }
}

TEST_F(LookAheadTest, HasWhatFollowsFromTheHead) {
  const std::string input = put("b", "v") + get("c") + "GET /health HTTP/1.1\r\nHost: a\r\n\r\n" +
                            "PUT /get HTTP/1.1\r\nHost: a\r\n\r\n";
  ASSERT_EQ(count(input), 4U);
  const LookAhead ahead(world_.context, input, 16);
  const auto requests = ahead.requests();
  EXPECT_EQ(requests[0].operation.route->service, put_value);
  EXPECT_EQ(requests[0].text.size() + requests[0].head.content_length, put("b", "v").size());
  EXPECT_EQ(requests[1].operation.route->service, get_value);
  EXPECT_EQ(requests[1].key.key(), "c");
  EXPECT_EQ(requests[2].operation.route->service, report_health);
  EXPECT_EQ(requests[3].operation.error, Error::wrong_method);
}

// Requests of every kind, most of them such as can be read ahead.
std::string any_request(std::mt19937& random) {
  const std::string key(1, static_cast<char>('a' + random() % 4));
  switch (random() % 24) {
    case 0:
      return get("%61");
    case 1:
      return get("");
    case 2:
      return "HEAD" + get(key).substr(3);
    case 3:
      return "\r\n" + get(key);
    case 4:
      return "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n";
    case 5:
      return get(key, "Content-Length: 5\r\n") + "12345";
    case 6:
      return "POST /put HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
             "chunked\r\n\r\n3\r\n{\"k\r\n0\r\n\r\n";
    case 7:
      return put(key, std::string(1000, 'x'));
    case 8:
      return put(key, std::string(kLargeValueBytes + 1, 'x'));
    case 9:
      return put(key, "\\n");
    case 10:
      return put(key, "");
    case 11:
      return random() % 8 == 0 ? get(key, "Connection: close\r\n") : get(key);
    case 12:
      return random() % 8 == 0 ? get(key, "Expect: x\r\n") : get(key);
    case 13:
      return random() % 8 == 0 ? "GET /# HTTP/1.1\r\nHost: a\r\n\r\n" : get(key);
    case 14:
      return "GET /get?key=" + key + " HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    case 15:
      return random() % 8 == 0 ? "GET /get?key=" + key + " HTTP/1.0\r\n\r\n" : get(key);
    default:
      return random() % 4 == 0 ? put(key, std::to_string(random())) : get(key);
  }
}

// One line for each request that was run, in order.
std::shared_ptr<std::string> record(World& world) {
  auto list = std::make_shared<std::string>();
  world.on_request = [list](const RequestRecord& request) {
    list->append(request.method).append(" ").append(request.path);
    list->append(" " + std::to_string(request.status) + "\n");
  };
  return list;
}

TEST_F(LookAheadTest, ShowsInNothing) {
  World plain({}, kShortLives);
  plain.context.heads = nullptr;
  const auto run_ahead = record(world_);
  const auto run_one_by_one = record(plain);
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const std::size_t cap = random() % 2 == 0 ? 1 + random() % 500 : std::size_t{256} << 10;
    for (World* world : {&world_, &plain}) {
      world->context.output_cap_bytes = cap;
      world->context.most_requests_at_once = 1 + static_cast<std::size_t>(round) % 40;
    }
    Loopback ahead(world_);
    Loopback one_by_one(plain);
    for (int batch = 0; batch < 4; ++batch) {
      for (World* world : {&world_, &plain}) world->clock.advance(std::chrono::milliseconds(1));
      std::string bytes;
      for (auto requests = random() % 24; requests > 0; --requests) bytes += any_request(random);
      const std::size_t cut = random() % 3 == 0 ? random() % (bytes.size() + 1) : bytes.size();
      for (const std::string& piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
        ahead.send(piece);
        one_by_one.send(piece);
        ASSERT_EQ(ahead.connection.in_request(), one_by_one.connection.in_request());
      }
      if (random() % 20 == 0) {
        ahead.connection.drain();
        one_by_one.connection.drain();
      }
    }
    ASSERT_EQ(ahead.received, one_by_one.received);
    ASSERT_EQ(ahead.connection.finished(), one_by_one.connection.finished());
    ASSERT_EQ(ahead.connection.should_linger(), one_by_one.connection.should_linger());
  }
  EXPECT_EQ(*run_ahead, *run_one_by_one);
  const CacheStats ahead = world_.cache.stats();
  const CacheStats one_by_one = plain.cache.stats();
  EXPECT_GT(ahead.expirations, 0U);
  EXPECT_EQ(ahead.expirations, one_by_one.expirations);
  EXPECT_EQ(ahead.hits, one_by_one.hits);
  EXPECT_EQ(ahead.misses, one_by_one.misses);
  EXPECT_EQ(ahead.inserts, one_by_one.inserts);
  EXPECT_EQ(ahead.replacements, one_by_one.replacements);
  EXPECT_EQ(world_.cache.check_invariants(), "");
}

}  // namespace
}  // namespace cubby::protocol
