#include "protocol/json_object.hpp"

#include <nlohmann/json.hpp>

namespace cubby::protocol {
namespace {

using nlohmann::json;

}  // namespace

std::string json_seconds(std::chrono::milliseconds time) {
  return json(static_cast<double>(time.count()) / 1000).dump();
}

void JsonObject::add(std::string_view name, std::uint64_t number) {
  append(name, json(number).dump());
}

void JsonObject::add(std::string_view name, std::string_view text) {
  append(name, json(text).dump(-1, ' ', false, json::error_handler_t::replace));
}

void JsonObject::add(std::string_view name, const JsonObject& object) {
  append(name, object.text());
}

void JsonObject::add(std::string_view name, std::chrono::milliseconds time) {
  append(name, json_seconds(time));
}

void JsonObject::add_null(std::string_view name) { append(name, "null"); }

void JsonObject::append(std::string_view name, std::string_view value) {
  members_ += members_.empty() ? "{\"" : ",\"";
  members_ += name;
  members_ += "\":";
  members_ += value;
}

}  // namespace cubby::protocol
