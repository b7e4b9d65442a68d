#include <nlohmann/json.hpp>

#include <cubby/cache.hpp>

#include "protocol/service.hpp"

namespace cubby::protocol {

namespace {

using Json = nlohmann::ordered_json;

double in_seconds(std::chrono::milliseconds time) {
  return static_cast<double>(time.count()) / 1000;
}

Error send(const Json& report, Reply& reply) {
  reply.send(200, kJsonType, report.dump(-1, ' ', false, Json::error_handler_t::replace));
  return Error::none;
}

}  // namespace

Error report_memory(const Call& call, Reply& reply) {
  const CacheStats stats = call.context.cache.stats();
  ProcessMemory process;
  if (call.context.process_memory != nullptr && *call.context.process_memory) {
    process = (*call.context.process_memory)();
  }

  Json report;
  report["limit_bytes"] = stats.limit_bytes;
  report["limit_source"] = process.limit_source;
  report["used_bytes"] = stats.charged_bytes;
  report["entries"] = stats.entries;
  report["data_bytes"] = stats.data_bytes;
  report["entry_bytes"] = stats.entry_bytes;
  report["index_bytes"] = stats.index_bytes;
  report["bytes_per_entry"] =
      stats.entries == 0 ? 0 : (stats.entry_bytes + stats.index_bytes) / stats.entries;
  report["connections"] = process.connections;
  report["connection_bytes"] = stats.reserved_bytes;
  report["in_flight_bytes"] = stats.detached_bytes;
  report["slack_bytes"] = stats.slack_bytes;
  report["rss_bytes"] = process.rss_bytes;
  report["evictions"] = stats.evictions;
  report["expirations"] = stats.expirations;
  report["oldest_entry_age_seconds"] = nullptr;
  if (stats.oldest_age) {
    report["oldest_entry_age_seconds"] = in_seconds(*stats.oldest_age);
  }
  return send(report, reply);
}

Error report_stats(const Call& call, Reply& reply) {
  const CacheStats stats = call.context.cache.stats();
  ProcessCounts counts;
  if (call.context.process_counts != nullptr && *call.context.process_counts) {
    counts = (*call.context.process_counts)();
  }

  Json report;
  report["uptime_seconds"] = in_seconds(counts.uptime);
  report["connections"] = {
      {"open", counts.open_connections},       {"limit", counts.max_connections},
      {"accepted", counts.accepted},           {"turned_away", counts.turned_away},
      {"accept_pauses", counts.accept_pauses}, {"closed_idle", counts.closed_idle},
      {"closed_slow", counts.closed_slow},     {"closed_stalled", counts.closed_stalled}};
  report["replies"] = {
      {"2xx", counts.answered[2]}, {"4xx", counts.answered[4]}, {"5xx", counts.answered[5]}};
  report["cache"] = {{"entries", stats.entries},
                     {"hits", stats.hits},
                     {"misses", stats.misses},
                     {"inserts", stats.inserts},
                     {"replacements", stats.replacements},
                     {"evictions", stats.evictions},
                     {"expirations", stats.expirations}};
  return send(report, reply);
}

}  // namespace cubby::protocol
