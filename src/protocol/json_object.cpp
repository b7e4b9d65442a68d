#include "protocol/json_object.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "protocol/json_escape.hpp"
#include "protocol/utf8.hpp"

namespace cubby::protocol {
namespace {

constexpr std::string_view kReplacementCharacter = "\xef\xbf\xbd";

}  // namespace

void JsonObject::add(std::string_view name, std::uint64_t number) {
  begin(name);
  append(number);
}

void JsonObject::add(std::string_view name, std::string_view text) {
  begin(name);
  members_ += '"';
  if (count_code_points(text)) {
    append_escaped(members_, text);
  } else {
    for (const char& c : text) {
      const bool ascii = static_cast<unsigned char>(c) < 0x80;
      append_escaped(members_, ascii ? std::string_view(&c, 1) : kReplacementCharacter);
    }
  }
  members_ += '"';
}

void JsonObject::add(std::string_view name, const JsonObject& object) {
  begin(name);
  members_ += object.text();
}

void JsonObject::add(std::string_view name, std::chrono::milliseconds time) {
  const auto milliseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
  add(name, milliseconds / 1000);
  members_ += '.';
  for (std::uint64_t unit = 100; unit > 0; unit /= 10) append(milliseconds / unit % 10);
}

void JsonObject::add_null(std::string_view name) {
  begin(name);
  members_ += "null";
}

void JsonObject::begin(std::string_view name) {
  members_ += members_.empty() ? "{\"" : ",\"";
  members_ += name;
  members_ += "\":";
}

void JsonObject::append(std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  members_.append(digits.data(), end);
}

}  // namespace cubby::protocol
