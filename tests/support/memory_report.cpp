#include "support/memory_report.hpp"

#include <stdexcept>

#include <nlohmann/json.hpp>

namespace cubby::test {

MemoryReport ask_memory(Client& client) {
  const ReceivedReply reply = client.exchange(get("/v1/memory"));
  if (reply.status != 200) throw std::runtime_error("/v1/memory answered: " + reply.body);
  const auto json = nlohmann::json::parse(reply.body);
  MemoryReport report;
  json.at("limit_bytes").get_to(report.limit_bytes);
  json.at("used_bytes").get_to(report.used_bytes);
  json.at("entries").get_to(report.entries);
  json.at("entry_bytes").get_to(report.entry_bytes);
  json.at("data_bytes").get_to(report.data_bytes);
  json.at("index_bytes").get_to(report.index_bytes);
  json.at("bytes_per_entry").get_to(report.bytes_per_entry);
  return report;
}

}  // namespace cubby::test
