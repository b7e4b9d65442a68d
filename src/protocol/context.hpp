// What a connection is given to work with.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "protocol/limits.hpp"
#include "protocol/tally.hpp"

namespace cubby {
class Cache;
}

namespace cubby::protocol {

class Cors;
class DateHeader;
class HeadMemo;
class TtlPolicy;

// One answered request, for a log. The path is that of the route, without a query; empty when there
// is no such route.
struct RequestRecord {
  std::string_view method;
  std::string_view path;
  unsigned status;
  std::size_t body_bytes;  // what Content-Length says, also in reply to HEAD
};

// What the cache does not know of the process that it is in.
struct ProcessMemory {
  std::string limit_source;  // why the cache's limit is what it is, in words
  std::size_t connections = 0;
  std::size_t rss_bytes = 0;  // resident, as the kernel counts it
};

// What the process has done with its connections and their requests since it began.
struct ProcessCounts {
  std::chrono::milliseconds uptime{0};
  std::size_t open_connections = 0;
  std::size_t max_connections = 0;  // 0 means no limit
  std::uint64_t accepted = 0;
  std::uint64_t turned_away = 0;    // because of a limit of connections
  std::uint64_t accept_pauses = 0;  // for want of descriptors, memory or places
  std::uint64_t closed_idle = 0;
  std::uint64_t closed_slow = 0;     // a request took too long to arrive
  std::uint64_t closed_stalled = 0;  // replies were not read
  Tally::ByClass answered{};
};

// What all connections of a worker share. Everything outlives the connections.
struct Context {
  Cache& cache;
  const Limits& limits;
  TtlPolicy& ttl;
  const DateHeader& date;
  // Receive() stops taking requests when the output is at least this large, so that a peer that
  // sends without reading cannot make the replies grow. The reply that passes it is still whole.
  std::size_t output_cap_bytes = std::size_t{256} << 10;
  // It stops, too, after so many, so that others get their turn.
  std::size_t most_requests_at_once = 32;
  // Remembers the heads of requests, unless it is null.
  HeadMemo* heads = nullptr;
  // Called after each reply is made, unless it is null or empty. Must not throw.
  const std::function<void(const RequestRecord&)>* on_request = nullptr;
  // Asked for every report of the memory; where it is null or empty, that says nothing of these.
  const std::function<ProcessMemory()>* process_memory = nullptr;
  // Asked for every report of the counts, unless it is null or empty.
  const std::function<ProcessCounts()>* process_counts = nullptr;
  // Counts what is answered, unless it is null.
  Tally* tally = nullptr;
  // What browsers are told about pages of other origins: nothing where it is null.
  const Cors* cors = nullptr;
};

}  // namespace cubby::protocol
