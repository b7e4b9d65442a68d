#include <cubby/cache.hpp>

#include "protocol/json_object.hpp"
#include "protocol/service.hpp"

namespace cubby::protocol {

Error report_memory(const Call& call, Reply& reply) {
  const CacheStats stats = call.context.cache.stats();
  ProcessMemory process;
  if (call.context.process_memory != nullptr && *call.context.process_memory) {
    process = (*call.context.process_memory)();
  }

  JsonObject report;
  report.add("limit_bytes", stats.limit_bytes);
  report.add("limit_source", process.limit_source);
  report.add("used_bytes", stats.charged_bytes);
  report.add("entries", stats.entries);
  report.add("data_bytes", stats.data_bytes);
  report.add("entry_bytes", stats.entry_bytes);
  report.add("index_bytes", stats.index_bytes);
  report.add("bytes_per_entry",
             stats.entries == 0 ? 0 : (stats.entry_bytes + stats.index_bytes) / stats.entries);
  report.add("connections", process.connections);
  report.add("connection_bytes", stats.reserved_bytes);
  report.add("in_flight_bytes", stats.detached_bytes);
  report.add("slack_bytes", stats.slack_bytes);
  report.add("rss_bytes", process.rss_bytes);
  report.add("evictions", stats.evictions);
  report.add("expirations", stats.expirations);
  if (stats.oldest_age) {
    report.add("oldest_entry_age_seconds", *stats.oldest_age);
  } else {
    report.add_null("oldest_entry_age_seconds");
  }
  reply.send(200, kJsonType, report.text());
  return Error::none;
}

Error report_stats(const Call& call, Reply& reply) {
  const CacheStats stats = call.context.cache.stats();
  ProcessCounts counts;
  if (call.context.process_counts != nullptr && *call.context.process_counts) {
    counts = (*call.context.process_counts)();
  }

  JsonObject connections;
  connections.add("open", counts.open_connections);
  connections.add("limit", counts.max_connections);
  connections.add("accepted", counts.accepted);
  connections.add("turned_away", counts.turned_away);
  connections.add("accept_pauses", counts.accept_pauses);
  connections.add("closed_idle", counts.closed_idle);
  connections.add("closed_slow", counts.closed_slow);
  connections.add("closed_stalled", counts.closed_stalled);

  JsonObject replies;
  replies.add("2xx", counts.answered[2]);
  replies.add("3xx", counts.answered[3]);
  replies.add("4xx", counts.answered[4]);
  replies.add("5xx", counts.answered[5]);

  JsonObject cache;
  cache.add("entries", stats.entries);
  cache.add("hits", stats.hits);
  cache.add("misses", stats.misses);
  cache.add("inserts", stats.inserts);
  cache.add("replacements", stats.replacements);
  cache.add("evictions", stats.evictions);
  cache.add("expirations", stats.expirations);

  JsonObject report;
  report.add("uptime_seconds", counts.uptime);
  report.add("connections", connections);
  report.add("replies", replies);
  report.add("cache", cache);
  reply.send(200, kJsonType, report.text());
  return Error::none;
}

}  // namespace cubby::protocol
