// The JSON codec. What it takes for JSON, nlohmann's parser must, and with the same meaning; how a
// text is cut must change nothing; what is written for a value must be read back as it was.

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "fuzz/check.hpp"
#include "protocol/batch.hpp"
#include "protocol/batch_operation.hpp"
#include "protocol/json_escape.hpp"
#include "protocol/utf8.hpp"
#include "support/json_trace.hpp"
#include "support/put_body.hpp"

namespace {

using namespace cubby::protocol;
using namespace cubby::test;

// Some places between bytes, which follow from the bytes alone.
std::vector<std::size_t> some_cuts(std::string_view input) {
  std::minstd_rand random(static_cast<std::uint32_t>(std::hash<std::string_view>()(input)));
  const std::size_t longest = 1 + random() % 24;
  std::vector<std::size_t> cuts;
  for (std::size_t at = random() % longest; at <= input.size(); at += 1 + random() % longest) {
    cuts.push_back(at);
  }
  return cuts;
}

void check_scanning(std::string_view input) {
  const JsonTrace whole = scan(input);
  CUBBY_FUZZ_CHECK(scan(input, every_cut(input.size())) == whole);
  CUBBY_FUZZ_CHECK(scan(input, some_cuts(input)) == whole);
  const auto reference = reference_scan(input);
  if (!reference || whole.error == Error::json_too_deep) return;
  CUBBY_FUZZ_CHECK(whole.error == reference->error);
  // nlohmann's parser makes 0 of -0.
  if (whole.error == Error::none && input.find("-0") == std::string_view::npos) {
    CUBBY_FUZZ_CHECK(whole.events == reference->events);
  }
}

void check_reading(std::string_view input) {
  const Limits limits{.max_key_length = 16, .max_value_bytes = 64, .max_json_depth = 4};
  const PutBody whole = read_put(input, limits);
  for (const bool kept : {false, true}) {
    CUBBY_FUZZ_CHECK(read_put(input, limits, every_cut(input.size()), kept) == whole);
    CUBBY_FUZZ_CHECK(read_put(input, limits, some_cuts(input), kept) == whole);
  }
  const auto plain = read_plain(input, limits);
  CUBBY_FUZZ_CHECK(!plain || *plain == whole);
  const auto reference = reference_put(input, limits);
  CUBBY_FUZZ_CHECK(!reference || agrees(whole, *reference));
  if (whole.error != Error::none) return;
  CUBBY_FUZZ_CHECK(whole.value.size() <= limits.max_value_bytes);
  CUBBY_FUZZ_CHECK(whole.escaped_value_size == escaped_size(whole.value));
  const auto key_length = count_code_points(whole.key);
  CUBBY_FUZZ_CHECK(key_length && *key_length >= 1 && *key_length <= limits.max_key_length);
}

Error check_batch(std::string_view input, const std::vector<std::size_t>& cuts) {
  BatchCheck check{Limits()};
  Error error = Error::none;
  for_each_piece(input, cuts, [&](std::string_view piece) {
    if (error == Error::none) error = check.take(piece);
  });
  return error == Error::none ? check.finish() : error;
}

void check_operation(const BatchOperation& operation, const nlohmann::json& element) {
  if (!element.is_object()) CUBBY_FUZZ_CHECK(operation.error == Error::operation_not_object);
  if (operation.error != Error::none) return;
  CUBBY_FUZZ_CHECK(element.at("op").is_string());
  CUBBY_FUZZ_CHECK(element.at("key") == operation.key);
  if (element.contains("value")) CUBBY_FUZZ_CHECK(element["value"] == operation.value);
  CUBBY_FUZZ_CHECK(element.contains("ttl") == operation.ttl.has_value());
  if (element.contains("by")) CUBBY_FUZZ_CHECK(element["by"] == operation.by);
}

void check_batching(std::string_view input) {
  const Error whole = check_batch(input, {});
  CUBBY_FUZZ_CHECK(check_batch(input, every_cut(input.size())) == whole);
  CUBBY_FUZZ_CHECK(check_batch(input, some_cuts(input)) == whole);
  if (whole != Error::none) return;
  const auto reference = nlohmann::json::parse(input, nullptr, false);
  const Limits limits;
  JsonScanner scanner(limits.max_json_depth);
  OperationReader reader(limits);
  std::size_t count = 0;
  while (scanner.next(input)) {
    if (!reader.take(scanner.event())) continue;
    if (reference.is_array()) check_operation(reader.operation(), reference.at(count));
    ++count;
  }
  CUBBY_FUZZ_CHECK(scanner.error() == Error::none);
  CUBBY_FUZZ_CHECK(!reference.is_array() || count == reference.size());
}

void check_writing(std::string_view input) {
  std::string escaped;
  append_escaped(escaped, input);
  CUBBY_FUZZ_CHECK(escaped.size() == escaped_size(input));
  CUBBY_FUZZ_CHECK(needs_escape(input) == (escaped != input));
  const auto parsed = nlohmann::json::parse("\"" + escaped + "\"", nullptr, false);
  CUBBY_FUZZ_CHECK(parsed.is_string() == count_code_points(input).has_value());
  CUBBY_FUZZ_CHECK(!parsed.is_string() || parsed == input);

  if (!parsed.is_string()) return;
  const PutBody put = read_put(R"({"key":"k","value":")" + escaped + "\"}");
  CUBBY_FUZZ_CHECK(put.error == Error::none);
  CUBBY_FUZZ_CHECK(put.value == input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_scanning(input);
  check_reading(input);
  check_batching(input);
  check_writing(input);
  return 0;
}
