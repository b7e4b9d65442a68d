// The JSON codec. What the body of a /put is accepted as, a full parser must accept with the same
// meaning; what is written for a value must be read back as it was.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "fuzz/check.hpp"
#include "protocol/json_escape.hpp"
#include "protocol/put_arguments.hpp"
#include "protocol/utf8.hpp"

namespace {

using namespace cubby::protocol;

void check_reading(std::string_view input) {
  const Limits limits{.max_key_length = 16, .max_value_bytes = 64, .max_json_depth = 4};
  PutArguments arguments;
  if (parse_put_arguments(input, limits, arguments) != Error::none) return;
  const auto parsed = nlohmann::json::parse(input, nullptr, false);
  CUBBY_FUZZ_CHECK(parsed.is_object());
  CUBBY_FUZZ_CHECK(parsed.at("key") == arguments.key);
  CUBBY_FUZZ_CHECK(parsed.at("value") == arguments.value);
  CUBBY_FUZZ_CHECK(arguments.value.size() <= limits.max_value_bytes);
  const auto key_length = count_code_points(arguments.key);
  CUBBY_FUZZ_CHECK(key_length && *key_length >= 1 && *key_length <= limits.max_key_length);
}

void check_writing(std::string_view input) {
  std::string escaped;
  append_escaped(escaped, input);
  CUBBY_FUZZ_CHECK(escaped.size() == escaped_size(input));
  CUBBY_FUZZ_CHECK(needs_escape(input) == (escaped != input));
  const auto parsed = nlohmann::json::parse("\"" + escaped + "\"", nullptr, false);
  CUBBY_FUZZ_CHECK(parsed.is_string() == count_code_points(input).has_value());
  CUBBY_FUZZ_CHECK(!parsed.is_string() || parsed == input);

  if (!parsed.is_string() || input.empty()) return;
  PutArguments arguments;
  const std::string body = R"({"key":"k","value":")" + escaped + "\"}";
  CUBBY_FUZZ_CHECK(parse_put_arguments(body, {}, arguments) == Error::none);
  CUBBY_FUZZ_CHECK(arguments.value == input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_reading(input);
  check_writing(input);
  return 0;
}
