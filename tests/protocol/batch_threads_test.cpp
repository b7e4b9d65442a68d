// Operations of batches that run at the same time are atomic each.

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cubby/cache.hpp>

#include "protocol/batch_world.hpp"
#include "protocol/ttl.hpp"
#include "support/sanitizers.hpp"

namespace cubby::protocol {
namespace {

using nlohmann::json;

constexpr int kThreads = 8;

// A connection with everything of a worker's own, on a cache that is shared.
class Peer {
 public:
  explicit Peer(Cache& cache)
      : context_{.cache = cache, .limits = limits_, .ttl = ttl_, .date = date_} {}

  json run(const std::string& body) {
    std::string output;
    std::string input = test::batch_head(body.size()) + body;
    do {
      input.erase(0, connection_.receive(input, output));
    } while (connection_.has_more());
    return json::parse(test::read_reply(output).value().body);
  }

 private:
  const Limits limits_;
  TtlPolicy ttl_{{}, 1};
  const DateHeader date_{test::kTestTime};
  const Context context_;
  Connection connection_{context_};
};

template <class Use>
void run_threads(Cache& cache, Use&& use) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      Peer peer(cache);
      use(peer);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(BatchThreadsTest, IncrementsAddUp) {
  Cache cache(test::World::cache_options());
  std::string body = "[";
  for (int i = 0; i < 200; ++i) body += R"({"op":"incr","key":"n","by":3},)";
  body.back() = ']';
  run_threads(cache, [&body](Peer& peer) {
    for (int i = 0; i < 50; ++i) peer.run(body);
  });
  Peer peer(cache);
  EXPECT_EQ(peer.run(R"([{"op":"get","key":"n"}])")[0]["value"], std::to_string(kThreads * 30'000));
  EXPECT_EQ(cache.check_invariants(), "");
}

TEST(BatchThreadsTest, NoCompareAndSetIsLost) {
  constexpr int kEach = test::kSanitized ? 500 : 10'000;
  Cache cache(test::World::cache_options());
  run_threads(cache, [](Peer& peer) {
    for (int done = 0; done < kEach;) {
      json old = peer.run(R"([{"op":"get","key":"n"}])")[0];
      json put = {{"op", "put"}, {"key", "n"}};
      if (old["status"] == 404) {
        put["if_none_match"] = "*";
        put["value"] = "1";
      } else {
        put["if_match"] = old["etag"];
        put["value"] = std::to_string(std::stoi(old["value"].get<std::string>()) + 1);
      }
      if (peer.run("[" + put.dump() + "]")[0]["status"] != 412) ++done;
    }
  });
  Peer peer(cache);
  EXPECT_EQ(peer.run(R"([{"op":"get","key":"n"}])")[0]["value"], std::to_string(kThreads * kEach));
}

}  // namespace
}  // namespace cubby::protocol
