#include "app/daemon.hpp"

#include <algorithm>
#include <csignal>
#include <string_view>

#include <cubby/cache.hpp>

#include "app/log.hpp"
#include "app/signals.hpp"
#include "app/system.hpp"
#include "app/values.hpp"
#include "server/address.hpp"
#include "server/resident_memory.hpp"
#include "server/server.hpp"

namespace cubby::app {
namespace {

constexpr std::chrono::milliseconds kSignalRepeat{50};

// Connections may hold this part of the memory: a half.
constexpr std::size_t kConnectionsShare = 2;

// A batch may have this part of it, an eighth: what it stores is to find room beside its text.
constexpr std::size_t kBatchShare = 8;

CacheOptions cache_options(const Settings& settings) {
  CacheOptions options;
  options.max_memory_bytes = settings.memory_bytes;
  options.shards = settings.shards;
  options.capacity_per_shard = settings.capacity_per_shard;
  return options;
}

server::ServerOptions server_options(const Settings& settings, Log& log) {
  server::ServerOptions options;
  options.host = settings.host;
  options.port = settings.port;
  options.threads = settings.threads;
  options.memory_source = settings.memory_reason;
  options.connection_memory_bytes = settings.memory_bytes / kConnectionsShare / settings.threads;
  options.limits.max_key_length = settings.max_key_length;
  options.limits.max_value_bytes = settings.max_value_bytes;
  options.limits.max_batch_bytes =
      std::min(protocol::kMaxBatchBytes, settings.memory_bytes / kBatchShare);
  options.limits.max_header_bytes = settings.max_header_bytes;
  options.limits.max_header_fields = settings.max_header_fields;
  options.limits.max_json_depth = settings.max_json_depth;
  options.admission = {.max_connections = settings.max_connections,
                       .max_connections_per_ip = settings.max_connections_per_ip};
  options.patience = {.header_timeout = settings.header_timeout,
                      .body_timeout = settings.body_timeout,
                      .idle_timeout = settings.idle_timeout,
                      .send_timeout = settings.send_timeout,
                      .min_rate = settings.min_rate};
  options.cors_origins = settings.cors_origins;
  options.ttl = {settings.default_ttl, settings.ttl_jitter_percentage / 100};
  options.on_problem = [&log](std::string_view message) { log.warn(message); };
  if (settings.log_level == LogLevel::debug) {
    options.on_request = [&log](const protocol::RequestRecord& request) {
      log.debug(request_line(request));
    };
  }
  return options;
}

std::string count(std::size_t number, const std::string& what) {
  return std::to_string(number) + ' ' + what + (number == 1 ? "" : "s");
}

}  // namespace

void run_daemon(const Settings& settings) {
  const auto begin = std::chrono::steady_clock::now();
  const StopSignals signals;
  raise_descriptor_limit();
  server::keep_heap_small();
  Log log(settings.log_level);
  Cache cache(cache_options(settings));
  server::Server server(cache, server_options(settings, log));
  server.start();
  log.info(start_line(settings, server.port()));
  if (!settings.memory_warning.empty()) log.warn(settings.memory_warning);
  if (!settings.connections_warning.empty()) log.warn(settings.connections_warning);

  const int signal = signals.wait();
  signals.end_at_once(kSignalRepeat);
  server.stop(settings.shutdown_timeout);
  const bool all_answered = server.wait();
  const auto uptime = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begin);
  log.info(stop_line(settings, signal, uptime, all_answered));
}

std::string start_line(const Settings& settings, std::uint16_t port) {
  return "listening on " + url(settings.host, port) + " with " + count(settings.threads, "thread") +
         " and " + count(settings.shards, "shard") + "; memory " +
         format_size(settings.memory_bytes) + ": " + settings.memory_reason;
}

std::string stop_line(const Settings& settings, int signal, std::chrono::milliseconds uptime,
                      bool all_answered) {
  const std::string end = all_answered
                              ? "every request was answered"
                              : "connections that were still open after " +
                                    format_duration(settings.shutdown_timeout) + " were cut";
  return std::string("stopped by ") + (signal == SIGINT ? "SIGINT" : "SIGTERM") + " after " +
         format_duration(uptime) + "; " + end;
}

std::string request_line(const protocol::RequestRecord& request) {
  const auto or_dash = [](std::string_view text) { return std::string(text.empty() ? "-" : text); };
  return or_dash(request.method) + ' ' + or_dash(request.path) + ' ' +
         std::to_string(request.status) + ' ' + std::to_string(request.body_bytes);
}

std::string url(const std::string& host, std::uint16_t port) {
  return "http://" + server::host_and_port(host, port);
}

}  // namespace cubby::app
