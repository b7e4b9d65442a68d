// Writes a JSON object, member by member.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace cubby::protocol {

// A time as a JSON number of seconds.
std::string json_seconds(std::chrono::milliseconds time);

// nlohmann's library writes the values, but does not hold the object: when one of its objects is
// destroyed it wants memory, and ends the process where there is none.
//
// Names must need no escaping. Throws std::bad_alloc.
class JsonObject {
 public:
  void add(std::string_view name, std::uint64_t number);
  // What is not UTF-8 in it becomes replacement characters.
  void add(std::string_view name, std::string_view text);
  void add(std::string_view name, const JsonObject& object);
  // In seconds.
  void add(std::string_view name, std::chrono::milliseconds time);
  void add_null(std::string_view name);

  std::string text() const { return members_.empty() ? "{}" : members_ + '}'; }

 private:
  void append(std::string_view name, std::string_view value);

  std::string members_;
};

}  // namespace cubby::protocol
