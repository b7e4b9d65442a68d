#include <nlohmann/json.hpp>

#include <cubby/cache.hpp>

#include "protocol/service.hpp"

namespace cubby::protocol {

Error report_memory(const Call& call, Reply& reply) {
  const CacheStats stats = call.context.cache.stats();
  ProcessMemory process;
  if (call.context.process_memory != nullptr && *call.context.process_memory) {
    process = (*call.context.process_memory)();
  }

  nlohmann::ordered_json report;
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
    report["oldest_entry_age_seconds"] = static_cast<double>(stats.oldest_age->count()) / 1000;
  }
  reply.send(200, kJsonType,
             report.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  return Error::none;
}

}  // namespace cubby::protocol
