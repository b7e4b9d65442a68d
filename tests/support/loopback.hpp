// A connection in this process: bytes go in as a socket's would, replies come out.

#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include <cubby/cache.hpp>

#include "protocol/base64.hpp"
#include "protocol/connection.hpp"
#include "protocol/date_header.hpp"
#include "protocol/head_memo.hpp"
#include "protocol/json_escape.hpp"
#include "protocol/limits.hpp"
#include "protocol/ttl.hpp"
#include "support/manual_clock.hpp"

namespace cubby::test {

inline constexpr std::chrono::sys_seconds kTestTime{std::chrono::seconds{784111777}};

// What the connections of one worker share, with a cache of its own.
struct World {
  explicit World(const protocol::Limits& given_limits = {},
                 const protocol::TtlOptions& ttl_options = {})
      : limits(given_limits), ttl(ttl_options, 1) {}

  protocol::Limits limits;
  ManualClock clock;
  Cache cache{cache_options(&clock)};
  protocol::TtlPolicy ttl;
  protocol::DateHeader date{kTestTime};
  std::function<void(const protocol::RequestRecord&)> on_request;
  std::function<protocol::ProcessMemory()> process_memory;
  std::function<protocol::ProcessCounts()> process_counts;
  protocol::Tally tally;

  static CacheOptions cache_options(const Clock* clock = &steady_clock()) {
    CacheOptions options;
    options.clock = clock;
    options.shards = 1;
    options.hash_seed = 1;
    return options;
  }

  protocol::HeadMemo heads;
  protocol::Context context{.cache = cache,
                            .limits = limits,
                            .ttl = ttl,
                            .date = date,
                            .heads = &heads,
                            .on_request = &on_request,
                            .process_memory = &process_memory,
                            .process_counts = &process_counts,
                            .tally = &tally};
};

// What a session would send for it.
inline void append_to(std::string& output, const protocol::LargeBody& body) {
  std::string value;
  for (std::size_t at = body.begin; at < body.value.size();) {
    const std::string_view part = body.value.part(at);
    value += part;
    at += part.size();
  }
  switch (body.notation) {
    case protocol::Notation::plain:
      output += value;
      break;
    case protocol::Notation::escaped:
      protocol::append_escaped(output, value);
      break;
    case protocol::Notation::base64:
      protocol::Base64Encoder encoder;
      encoder.take(output, value);
      encoder.finish(output);
      break;
  }
  output += body.trailer;
}

// Keeps what the connection did not consume, as a session does, and sends what it wrote.
class Loopback {
 public:
  explicit Loopback(World& world) : connection(world.context) {}

  // Gives the connection `bytes` in one piece and lets it go on until it waits for more.
  void send(std::string_view bytes) {
    waiting_.append(bytes);
    while (!connection.finished()) {
      const std::size_t used = connection.receive(waiting_, output_);
      waiting_.erase(0, used);
      if (const auto large = connection.take_large_body()) append_to(output_, *large);
      const bool has_written = !output_.empty();
      received.append(output_);
      output_.clear();
      if (connection.has_more()) continue;
      if (used == 0 || (waiting_.empty() && !has_written)) break;
    }
  }

  protocol::Connection connection;
  std::string received;

 private:
  std::string waiting_;
  std::string output_;
};

}  // namespace cubby::test
