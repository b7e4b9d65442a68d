// Writes a JSON object, member by member. Not a document in memory, as a library has it, whose
// destructor may want memory itself and ends the process when there is none.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace cubby::protocol {

// Names must need no escaping. Throws std::bad_alloc.
class JsonObject {
 public:
  void add(std::string_view name, std::uint64_t number);
  // Bytes that are not ASCII become replacement characters when the text is not UTF-8.
  void add(std::string_view name, std::string_view text);
  void add(std::string_view name, const JsonObject& object);
  // In seconds, with three decimals. Less than zero counts as zero.
  void add(std::string_view name, std::chrono::milliseconds time);
  void add_null(std::string_view name);

  std::string text() const { return members_.empty() ? "{}" : members_ + '}'; }

 private:
  void begin(std::string_view name);
  void append(std::uint64_t number);

  std::string members_;
};

}  // namespace cubby::protocol
