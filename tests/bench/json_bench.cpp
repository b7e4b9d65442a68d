// Reading the body of a put that has arrived whole.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include "protocol/put_reader.hpp"

namespace {

using namespace cubby::protocol;

struct StringSink final : ValueSink {
  Error append(std::string_view piece) override {
    text += piece;
    return Error::none;
  }
  std::string text;
};

std::string put_of(const std::string& value) {
  return R"({"key":"key:0000012345","value":")" + value + "\"}";
}

std::string repeat(const std::string& text, std::size_t bytes) {
  std::string result;
  while (result.size() + text.size() <= bytes) result += text;
  return result;
}

void read_put(benchmark::State& state, const std::string& value) {
  const std::string body = put_of(value);
  const Limits limits;
  StringSink sink;
  for (auto _ : state) {
    sink.text.clear();
    PutReader reader(limits, sink);
    Error error = reader.take(body);
    if (error == Error::none) error = reader.finish();
    if (error != Error::none) state.SkipWithError("refused");
    benchmark::DoNotOptimize(reader.value_size());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(body.size()));
}

constexpr std::size_t kBig = std::size_t{1} << 20;

BENCHMARK_CAPTURE(read_put, small, std::string(64, 'v'));
BENCHMARK_CAPTURE(read_put, big, std::string(kBig, 'v'));
BENCHMARK_CAPTURE(read_put, big_utf8, repeat("привет, мир ", kBig));
BENCHMARK_CAPTURE(read_put, big_json, repeat(R"({\"name\":\"value\",\"n\":12},\n)", kBig));
BENCHMARK_CAPTURE(read_put, big_hex, repeat(R"(\u043f\u0440\u0438\u0432 )", kBig));

}  // namespace

BENCHMARK_MAIN();
