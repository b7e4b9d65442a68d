// Listing and deleting many keys over a connection.

#include <chrono>
#include <set>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "protocol/connection.hpp"
#include "support/allocation_counter.hpp"
#include "support/loopback.hpp"
#include "support/reply_reader.hpp"

namespace cubby::protocol {
namespace {

using nlohmann::json;
using test::Loopback;
using test::World;

std::string key_of(int number) { return "key:" + std::to_string(number); }

class ListServiceTest : public testing::Test {
 protected:
  ~ListServiceTest() override { EXPECT_EQ(world_.cache.check_invariants(), ""); }

  // The status, and the body as JSON if it is.
  std::pair<int, json> ask(const std::string& method, const std::string& target) {
    Loopback peer(world_);
    peer.send(method + " " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
    return answer_of(peer);
  }

  static std::pair<int, json> answer_of(const Loopback& peer) {
    const auto reply = test::read_reply(peer.received);
    if (!reply) return {0, nullptr};
    return {static_cast<int>(reply->status), json::parse(reply->body, nullptr, false)};
  }

  void fill(int count) {
    for (int i = 0; i < count; ++i) world_.cache.put(key_of(i), "v");
  }

  World world_;
};

TEST_F(ListServiceTest, AnEmptyCacheHasNoKeys) {
  const auto [status, page] = ask("GET", "/v1/keys");
  EXPECT_EQ(status, 200);
  EXPECT_EQ(page, json::parse(R"({"keys":[],"cursor":null})"));
}

TEST_F(ListServiceTest, SaysTheKeyItsSizeAndWhatIsLeft) {
  world_.cache.put("a\"b", "four", {.ttl = std::chrono::milliseconds(1500)});
  EXPECT_EQ(ask("GET", "/v1/keys").second,
            json::parse(R"({"keys":[{"key":"a\"b","size":4,"ttl":1.5}],"cursor":null})"));
  EXPECT_EQ(ask("DELETE", "/v1/keys?all=true").first, 204);
  Loopback peer(world_);
  peer.send("PUT /v1/keys/c HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(ask("GET", "/v1/keys").second,
            json::parse(R"({"keys":[{"key":"c","size":3,"ttl":null}],"cursor":null})"))
      << "without what is kept in front of the value";
}

TEST_F(ListServiceTest, PagesShowEveryKeyOnce) {
  fill(3000);
  for (const int limit : {7, 100, 1000}) {
    std::multiset<std::string> seen;
    std::string target = "/v1/keys?limit=" + std::to_string(limit);
    while (true) {
      const auto [status, page] = ask("GET", target);
      ASSERT_EQ(status, 200);
      EXPECT_LE(page["keys"].size(), static_cast<std::size_t>(limit));
      for (const json& entry : page["keys"]) seen.insert(entry["key"].get<std::string>());
      if (page["cursor"].is_null()) break;
      target = "/v1/keys?limit=" + std::to_string(limit) +
               "&cursor=" + page["cursor"].get<std::string>();
    }
    EXPECT_EQ(seen.size(), 3000U);
    EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 3000U);
  }
}

TEST_F(ListServiceTest, APrefixIsFormDecodedAndLookedForInTheWholeCache) {
  fill(500);
  world_.cache.put("a b/1", "v");
  world_.cache.put("a b/2", "v");
  EXPECT_EQ(ask("GET", "/v1/keys?prefix=a+b%2F").second["keys"].size(), 2U);
  EXPECT_EQ(ask("GET", "/v1/keys?prefix=a+b%2F2").second["keys"].size(), 1U);
  EXPECT_EQ(ask("GET", "/v1/keys?prefix=nothing").second["keys"].size(), 0U);
}

// However many others there are, and with others having their turns meanwhile.
TEST_F(ListServiceTest, APageHasWhatThereIs) {
  fill(40'000);
  for (int i = 0; i < 5; ++i) world_.cache.put("me:" + std::to_string(i), "v");
  EXPECT_EQ(ask("GET", "/v1/keys?prefix=me:").second["keys"].size(), 5U);
  EXPECT_TRUE(ask("GET", "/v1/keys?prefix=me:").second["cursor"].is_null());
  EXPECT_EQ(ask("GET", "/v1/keys?prefix=me:&limit=2").second["keys"].size(), 2U);
  EXPECT_EQ(ask("GET", "/v1/keys?limit=1000").second["keys"].size(), 1000U);

  Connection connection(world_.context);
  std::string output;
  connection.receive("GET /v1/keys?prefix=me: HTTP/1.1\r\nHost: a\r\n\r\n", output);
  int turns = 0;
  for (; output.empty() && turns < 1000; ++turns) {
    EXPECT_TRUE(connection.has_more());
    connection.receive({}, output);
  }
  EXPECT_GT(turns, 10);
  EXPECT_FALSE(connection.has_more());
  EXPECT_EQ(connection.memory_bytes(), 0U);
}

TEST_F(ListServiceTest, OneRequestLooksAtABoundedNumberOfKeys) {
  fill(260'000);
  const auto [status, page] = ask("GET", "/v1/keys?prefix=nothing");
  EXPECT_EQ(status, 200);
  EXPECT_TRUE(page["keys"].empty());
  ASSERT_TRUE(page["cursor"].is_string());
  const std::string cursor = page["cursor"];
  EXPECT_TRUE(ask("GET", "/v1/keys?prefix=nothing&cursor=" + cursor).second["cursor"].is_null());
}

TEST_F(ListServiceTest, NoCursorIsTheFirstPage) {
  fill(10);
  for (const char* const query : {"", "?cursor=", "?prefix=&limit=100&cursor="}) {
    EXPECT_EQ(ask("GET", std::string("/v1/keys") + query).second["keys"].size(), 10U) << query;
  }
}

TEST_F(ListServiceTest, ACursorMayBeEncoded) {
  fill(50);
  const std::string cursor = ask("GET", "/v1/keys?limit=1").second["cursor"];
  std::string encoded;
  for (const char digit : cursor) {
    encoded.append("%")
        .append(1, "0123456789ABCDEF"[digit >> 4])
        .append(1, "0123456789ABCDEF"[digit & 15]);
  }
  EXPECT_EQ(ask("GET", "/v1/keys?cursor=" + encoded).first, 200);
  EXPECT_EQ(ask("GET", "/v1/keys?cursor=" + encoded + "%30").first, 400);
  EXPECT_EQ(ask("GET", "/v1/keys?cursor=" + encoded.substr(3)).first, 400);
}

TEST_F(ListServiceTest, ACursorOfAnotherCacheIsRefused) {
  fill(50);
  const std::string cursor = ask("GET", "/v1/keys?limit=1").second["cursor"];
  World other;
  for (int i = 0; i < 50; ++i) other.cache.put(key_of(i), "v");
  Loopback peer(other);
  peer.send("GET /v1/keys?cursor=" + cursor + " HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(answer_of(peer).first, 400);
  EXPECT_EQ(ask("GET", "/v1/keys?cursor=" + cursor).first, 200);
  EXPECT_EQ(ask("GET", "/v1/keys?cursor=" + cursor + "0").first, 400);
  EXPECT_EQ(ask("GET", "/v1/keys?cursor=" + cursor.substr(1)).first, 400);
  EXPECT_EQ(ask("GET", "/v1/keys?cursor=" + std::string(cursor.size(), 'x')).first, 400);
}

TEST_F(ListServiceTest, DeletesAPrefixPieceByPiece) {
  fill(20'000);
  for (int i = 0; i < 1000; ++i) world_.cache.put("other:" + std::to_string(i), "v");
  std::string output;
  Connection connection(world_.context);
  const std::string_view request =
      "DELETE /v1/keys?prefix=key: HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
  std::size_t used = connection.receive(request, output);
  EXPECT_EQ(output, "");
  EXPECT_TRUE(connection.has_more());
  EXPECT_TRUE(connection.in_request());
  EXPECT_EQ(connection.progress().stage, Progress::Stage::at_work);
  int turns = 0;
  std::uint64_t least = 21'000;
  while (output.empty()) {
    ASSERT_LT(++turns, 10'000);
    used += connection.receive(request.substr(used), output);
    const std::uint64_t entries = world_.cache.stats().entries;
    EXPECT_LE(least - entries, 2500U) << "a bounded piece in each turn";
    least = entries;
  }
  EXPECT_GT(turns, 10);
  EXPECT_NE(output.find(R"({"deleted":20000})"), std::string::npos) << output;
  EXPECT_NE(output.find("OK\n"), std::string::npos) << "and then the next request";
  EXPECT_EQ(used, request.size());
  EXPECT_EQ(world_.cache.stats().entries, 1000U);
  EXPECT_FALSE(connection.has_more());
  EXPECT_EQ(connection.memory_bytes(), 0U);
}

TEST_F(ListServiceTest, AListingEndsATurn) {
  fill(100);
  const std::string one = "GET /v1/keys?limit=1 HTTP/1.1\r\nHost: a\r\n\r\n";
  std::string requests = one + one + one;
  Connection connection(world_.context);
  for (int i = 0; i < 3; ++i) {
    std::string output;
    EXPECT_EQ(connection.receive(requests, output), one.size()) << i;
    EXPECT_NE(output.find("\"cursor\""), std::string::npos);
    EXPECT_EQ(connection.has_more(), i < 2);
    requests.erase(0, one.size());
  }
}

// Nothing of a piece is kept until the next turn.
TEST_F(ListServiceTest, ADeletionTakesNoMemoryBetweenItsTurns) {
  fill(20'000);
  Connection connection(world_.context);
  std::string output;
  const std::string request = "DELETE /v1/keys?prefix=key: HTTP/1.1\r\nHost: a\r\n\r\n";
  connection.receive(request, output);
  connection.receive({}, output);
  const std::ptrdiff_t before = test::live_allocations();
  for (int i = 0; i < 5; ++i) connection.receive({}, output);
  EXPECT_EQ(test::live_allocations(), before);
  EXPECT_LE(connection.memory_bytes(), 2 * request.size());
  EXPECT_TRUE(connection.has_more());
}

TEST_F(ListServiceTest, ADeletionIsTheLastRequestOfAConnectionThatDrains) {
  fill(5000);
  Connection connection(world_.context);
  std::string output;
  connection.receive("DELETE /v1/keys?prefix=key: HTTP/1.1\r\nHost: a\r\n\r\n", output);
  connection.drain();
  EXPECT_FALSE(connection.finished()) << "it is answered first";
  for (int turns = 0; output.empty() && turns < 1000; ++turns) connection.receive({}, output);
  EXPECT_TRUE(connection.finished());
  EXPECT_NE(output.find("Connection: close\r\n"), std::string::npos) << output;
  EXPECT_NE(output.find(R"({"deleted":5000})"), std::string::npos) << output;
}

TEST_F(ListServiceTest, ADeletionThatIsGivenUpIsAnsweredAsSuch) {
  fill(20'000);
  Connection connection(world_.context);
  std::string output;
  connection.receive("DELETE /v1/keys?prefix=key: HTTP/1.1\r\nHost: a\r\n\r\n", output);
  connection.give_up(Error::no_room, "", output);
  EXPECT_TRUE(connection.finished());
  EXPECT_TRUE(output.starts_with("HTTP/1.1 503 ")) << output;
}

TEST_F(ListServiceTest, EmptiesTheCacheAtOnce) {
  fill(20'000);
  EXPECT_EQ(ask("DELETE", "/v1/keys?all=true").first, 204);
  EXPECT_EQ(world_.cache.stats().entries, 0U);
  EXPECT_EQ(world_.cache.get(key_of(1)), std::nullopt);
  while (world_.cache.maintain()) {
  }
  EXPECT_EQ(world_.cache.stats().entry_bytes, 0U);
}

TEST_F(ListServiceTest, ToEmptyTheCacheEndsATurn) {
  const std::string one = "DELETE /v1/keys?all=true HTTP/1.1\r\nHost: a\r\n\r\n";
  std::string requests = one + one + one;
  Connection connection(world_.context);
  for (int i = 0; i < 3; ++i) {
    fill(100);
    std::string output;
    EXPECT_EQ(connection.receive(requests, output), one.size()) << i;
    EXPECT_TRUE(output.starts_with("HTTP/1.1 204 ")) << output;
    EXPECT_EQ(connection.has_more(), i < 2);
    EXPECT_EQ(world_.cache.stats().entries, 0U);
    requests.erase(0, one.size());
  }
}

TEST_F(ListServiceTest, WantsToKnowWhatToDelete) {
  fill(10);
  for (const char* const query : {"", "?", "?prefix=", "?all=false", "?all=", "?all=true&prefix=a",
                                  "?prefix=a&prefix=b", "?limit=5", "?prefx=a"}) {
    EXPECT_EQ(ask("DELETE", std::string("/v1/keys") + query).first, 400) << query;
  }
  EXPECT_EQ(world_.cache.stats().entries, 10U);
}

}  // namespace
}  // namespace cubby::protocol
