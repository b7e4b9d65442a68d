// The embeddable cache in-process, on one thread: how a GET grows with the number of entries, and
// what looking ahead saves when 16 keys are known at once.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <benchmark/benchmark.h>

#include <cubby/cache.hpp>

#include "random_keys.hpp"

namespace {

using cubby::bench::Key;
using cubby::bench::RandomNumbers;

constexpr std::size_t kBatch = 16;

using Value = std::array<char, 64>;

// Full, and roomy enough that nothing is ever evicted. The last one is kept.
cubby::Cache& full_cache(std::uint64_t entries) {
  static std::unique_ptr<cubby::Cache> cache;
  static std::uint64_t in_cache = 0;
  if (in_cache == entries) return *cache;
  cache.reset();
  cubby::CacheOptions options;
  options.max_memory_bytes = cubby::kMinMemoryBytes + entries * 128;
  cache = std::make_unique<cubby::Cache>(options);
  const Value value{};
  for (std::uint64_t i = 0; i < entries; ++i) {
    cache->put(Key(i).text(), {value.data(), value.size()});
  }
  in_cache = entries;
  return *cache;
}

// An iteration is a batch of GETs.
template <class GetBatch>
void run(benchmark::State& state, GetBatch get_batch) {
  const auto entries = static_cast<std::uint64_t>(state.range(0));
  cubby::Cache& cache = full_cache(entries);
  RandomNumbers random(1, entries);
  Value out;
  const auto sink = [&out](const cubby::ValueView& value) { value.copy_to(out.data()); };
  std::array<Key, kBatch> keys;
  for (auto _ : state) {
    for (Key& key : keys) key = Key(random());
    if (!get_batch(cache, keys, sink)) state.SkipWithError("a key is missing");
    benchmark::DoNotOptimize(out);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}

void get(benchmark::State& state) {
  run(state, [](cubby::Cache& cache, const auto& keys, const auto& sink) {
    bool found = true;
    for (const Key& key : keys) found &= cache.get(key.text(), sink);
    return found;
  });
}

void get_prepared(benchmark::State& state) {
  run(state, [](cubby::Cache& cache, const auto& keys, const auto& sink) {
    std::array<cubby::PreparedKey, kBatch> prepared;
    for (std::size_t i = 0; i < kBatch; ++i) prepared[i] = cache.prepare(keys[i].text());
    cache.prefetch(prepared);
    bool found = true;
    for (const cubby::PreparedKey& key : prepared) found &= cache.get(key, sink);
    return found;
  });
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  for (const std::int64_t entries : {10'000, 50'000, 1'000'000, 10'000'000})
    benchmark->Arg(entries);
}

BENCHMARK(get)->Apply(sizes);
BENCHMARK(get_prepared)->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();
