#include "protocol/service.hpp"

#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cubby/cache.hpp>

#include "protocol/request.hpp"
#include "protocol/stored_entry.hpp"
#include "protocol/work.hpp"
#include "support/loopback.hpp"
#include "support/reply_reader.hpp"

namespace cubby::protocol {
namespace {

using test::ReceivedReply;
using test::World;

class ServiceTest : public testing::Test {
 protected:
  ~ServiceTest() override { EXPECT_EQ(world_.cache.check_invariants(), ""); }

  Error run(Service service, std::string_view key, std::string_view body, bool to_head = false) {
    output_.clear();
    Reply reply(output_, large_, world_.date, Persistence::keep, to_head);
    Request request;
    request.key = world_.cache.prepare(key);
    std::unique_ptr<Work> work;
    bool takes_turn = false;
    return service({world_.context, request, body, nullptr, work, takes_turn}, reply);
  }

  World world_;
  std::string output_;
  std::optional<LargeBody> large_;
};

TEST_F(ServiceTest, GetWritesTheWholeReply) {
  world_.cache.put("k", "v");
  EXPECT_EQ(run(get_value, "k", ""), Error::none);
  EXPECT_EQ(output_,
            "HTTP/1.1 200 OK\r\n"
            "Content-Type: application/json; charset=utf-8\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Length: 37\r\n"
            "\r\n"
            R"({"status":"OK","key":"k","value":"v"})");
}

TEST_F(ServiceTest, GetOfNothingWritesNothing) {
  EXPECT_EQ(run(get_value, "k", ""), Error::key_not_found);
  EXPECT_EQ(output_, "");
}

TEST_F(ServiceTest, HeadWritesTheHeadOfGet) {
  world_.cache.put("k", "\"", {.flags = kValueNeedsEscape});
  run(get_value, "k", "");
  const std::string whole = output_;
  run(get_value, "k", "", true);
  EXPECT_EQ(output_, whole.substr(0, whole.find("\r\n\r\n") + 4));
}

TEST_F(ServiceTest, PutNotesWhetherTheValueNeedsEscaping) {
  const struct {
    const char* body;
    const char* stored;
    std::uint8_t flags;
  } cases[] = {
      {R"({"key":"k","value":"plain é/"})", "plain é/", 0},
      {R"({"key":"k","value":"\u0041"})", "A", 0},
      {R"({"key":"k","value":"\""})", "\"", kValueNeedsEscape},
      {R"({"key":"k","value":"a\nb"})", "a\nb", kValueNeedsEscape},
  };
  for (const auto& [body, stored, flags] : cases) {
    EXPECT_EQ(run(put_value, "", body), Error::none);
    std::string value;
    std::uint8_t got = 0;
    EXPECT_TRUE(world_.cache.get("k", [&](const ValueView& view) {
      view.append_to(value);
      got = view.flags();
    }));
    EXPECT_EQ(value, stored);
    EXPECT_EQ(got, flags) << body;
  }
}

TEST_F(ServiceTest, PutPassesTheTimeToLiveOn) {
  EXPECT_EQ(run(put_value, "", R"({"key":"k","value":"v","ttl":1.5})"), Error::none);
  world_.clock.advance(std::chrono::milliseconds{1499});
  EXPECT_EQ(world_.cache.get("k"), "v");
  world_.clock.advance(std::chrono::milliseconds{1});
  EXPECT_EQ(world_.cache.get("k"), std::nullopt);
}

TEST_F(ServiceTest, PutWithoutATimeToLiveEndsTheOldOne) {
  EXPECT_EQ(run(put_value, "", R"({"key":"k","value":"v","ttl":1})"), Error::none);
  EXPECT_EQ(run(put_value, "", R"({"key":"k","value":"w"})"), Error::none);
  world_.clock.advance(std::chrono::hours{1});
  EXPECT_EQ(world_.cache.get("k"), "w");
}

TEST_F(ServiceTest, RefusedPutLeavesWhatWasThere) {
  world_.cache.put("k", "old");
  EXPECT_EQ(run(put_value, "", R"({"key":"k","value":1})"), Error::value_not_string);
  EXPECT_EQ(output_, "");
  EXPECT_EQ(world_.cache.get("k"), "old");
}

TEST_F(ServiceTest, MemoryReportAddsUp) {
  for (int i = 0; i < 100; ++i) world_.cache.put("key" + std::to_string(i), std::string(100, 'v'));
  Cache::Reservation reservation(world_.cache);
  ASSERT_TRUE(reservation.resize(1000));
  ValueWriter writer(world_.cache);
  writer.append(std::string(300'000, 'v'));
  world_.process_memory = [] {
    return ProcessMemory{.limit_source = "half of \xff", .connections = 3, .rss_bytes = 5'000'000};
  };
  EXPECT_EQ(run(report_memory, "", ""), Error::none);
  const auto report = nlohmann::json::parse(output_.substr(output_.find("\r\n\r\n") + 4));
  EXPECT_EQ(report["limit_bytes"], World::cache_options().max_memory_bytes);
  EXPECT_EQ(report["limit_source"], "half of \xef\xbf\xbd");
  EXPECT_EQ(report["entries"], 100);
  EXPECT_EQ(report["data_bytes"], 100 * 100 + 10 * 4 + 90 * 5);
  EXPECT_GE(report["entry_bytes"], report["data_bytes"]);
  EXPECT_GT(report["index_bytes"], 0);
  std::size_t sum = 0;
  for (const char* part : {"entry_bytes", "index_bytes", "connection_bytes", "in_flight_bytes"}) {
    sum += report[part].get<std::size_t>();
  }
  EXPECT_EQ(report["used_bytes"], sum);
  EXPECT_EQ(
      report["bytes_per_entry"],
      (report["entry_bytes"].get<std::size_t>() + report["index_bytes"].get<std::size_t>()) / 100);
  EXPECT_EQ(report["connections"], 3);
  EXPECT_EQ(report["connection_bytes"], 1000);
  EXPECT_EQ(report["in_flight_bytes"], world_.cache.stats().detached_bytes);
  EXPECT_GT(report["in_flight_bytes"], 300'000);
  EXPECT_EQ(report["rss_bytes"], 5'000'000);
  EXPECT_GT(report["slack_bytes"], 0);
  EXPECT_EQ(report["evictions"], 0);
  EXPECT_EQ(report["expirations"], 0);
  EXPECT_EQ(report["oldest_entry_age_seconds"], 0.0);
}

TEST_F(ServiceTest, StatsReportTellsWhatHappened) {
  world_.cache.put("k", "v");
  world_.cache.get("k");
  world_.cache.get("none");
  world_.process_counts = [] {
    return ProcessCounts{.uptime = std::chrono::milliseconds(1500),
                         .open_connections = 1,
                         .max_connections = 2,
                         .accepted = 3,
                         .turned_away = 4,
                         .accept_pauses = 5,
                         .closed_idle = 6,
                         .closed_slow = 7,
                         .closed_stalled = 8,
                         .answered = {0, 0, 9, 10, 11, 12}};
  };
  EXPECT_EQ(run(report_stats, "", ""), Error::none);
  const auto report = nlohmann::ordered_json::parse(output_.substr(output_.find("\r\n\r\n") + 4));
  const auto expected = nlohmann::ordered_json::parse(R"({
    "uptime_seconds": 1.5,
    "connections": {"open": 1, "limit": 2, "accepted": 3, "turned_away": 4, "accept_pauses": 5,
                    "closed_idle": 6, "closed_slow": 7, "closed_stalled": 8},
    "replies": {"2xx": 9, "3xx": 10, "4xx": 11, "5xx": 12},
    "cache": {"entries": 1, "hits": 1, "misses": 1, "inserts": 1, "replacements": 0,
              "evictions": 0, "expirations": 0}})");
  EXPECT_EQ(report, expected);
}

TEST_F(ServiceTest, MemoryReportOfAnEmptyCache) {
  EXPECT_EQ(run(report_memory, "", ""), Error::none);
  const auto report = nlohmann::json::parse(output_.substr(output_.find("\r\n\r\n") + 4));
  EXPECT_EQ(report["entries"], 0);
  EXPECT_EQ(report["bytes_per_entry"], 0);
  EXPECT_TRUE(report["oldest_entry_age_seconds"].is_null());
}

TEST(ServiceOfSmallCacheTest, SaysThatAValueCannotFit) {
  CacheOptions options = World::cache_options();
  options.max_memory_bytes = kMinMemoryBytes;
  Cache cache(options);
  const Limits limits{.max_value_bytes = 2 * kMinMemoryBytes};
  const DateHeader date{test::kTestTime};
  TtlPolicy ttl({}, 1);
  const Context context{.cache = cache, .limits = limits, .ttl = ttl, .date = date};
  std::string output;
  std::optional<LargeBody> large;
  Reply reply(output, large, date, Persistence::keep, false);
  const std::string body =
      R"({"key":"k","value":")" + std::string(2 * kMinMemoryBytes, 'x') + "\"}";
  std::unique_ptr<Work> work;
  bool takes_turn = false;
  EXPECT_EQ(put_value({context, {}, body, nullptr, work, takes_turn}, reply),
            Error::value_does_not_fit);
  EXPECT_EQ(output, "");
}

}  // namespace
}  // namespace cubby::protocol
