// What the daemon runs with, after the command line, the environment, the file and the machine have
// been asked.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cubby::app {

enum class LogLevel : std::uint8_t { error, warn, info, debug };

// A memory limit as it was written: a percentage of what the machine has when that is not 0, bytes
// otherwise.
struct MemoryAmount {
  double percentage = 0;
  std::uint64_t bytes = 0;

  bool operator==(const MemoryAmount&) const = default;
};

// Made by load_configuration(); the defaults are in the table of options.
struct Settings {
  std::string host;
  std::uint16_t port = 0;
  std::size_t threads = 0;
  std::chrono::milliseconds shutdown_timeout{0};

  std::size_t max_connections = 0;
  std::size_t max_connections_per_ip = 0;  // 0 means no limit
  std::chrono::milliseconds header_timeout{0};
  std::chrono::milliseconds body_timeout{0};
  std::chrono::milliseconds idle_timeout{0};
  std::chrono::milliseconds send_timeout{0};
  std::size_t min_rate = 0;  // bytes a second

  MemoryAmount max_memory;
  std::size_t shards = 0;
  std::size_t capacity_per_shard = 0;

  std::chrono::milliseconds default_ttl{0};  // 0 means for ever
  double ttl_jitter_percentage = 0;

  std::size_t max_key_length = 0;
  std::size_t max_value_bytes = 0;
  std::size_t max_header_bytes = 0;
  std::size_t max_header_fields = 0;
  std::size_t max_json_depth = 0;

  std::vector<std::string> cors_origins;  // none, or as server::ServerOptions has them

  LogLevel log_level = LogLevel::info;

  std::size_t memory_bytes = 0;     // what max_memory comes to on this machine
  std::string memory_reason;        // and why, in words
  std::string memory_warning;       // what may come of it, in words; empty when all is well
  std::string threads_reason;       // why so many threads, in words
  std::string connections_reason;   // why so many connections, in words
  std::string connections_warning;  // what may come of it, in words; empty when all is well

  bool operator==(const Settings&) const = default;
};

// The smallest memory limit that the daemon runs with; the largest is kMaxMemoryBytes.
inline constexpr std::size_t kMinDaemonMemoryBytes = std::size_t{8} << 20;

}  // namespace cubby::app
