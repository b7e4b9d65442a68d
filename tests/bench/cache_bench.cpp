// The embeddable cache in-process: random keys among a million entries of a 16-byte key and a
// 64-byte value, on one thread and on two.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include <cubby/cache.hpp>

namespace {

constexpr std::uint32_t kEntries = 1'000'000;
constexpr std::size_t kKeyBytes = 16;

class Key {
 public:
  explicit Key(std::uint32_t number) {
    std::snprintf(text_.data(), text_.size(), "key-%012u", number);
  }
  std::string_view text() const { return {text_.data(), kKeyBytes}; }

 private:
  std::array<char, kKeyBytes + 1> text_;
};

// Full, and roomy enough that nothing is ever evicted. Shared by all benchmarks and their threads.
cubby::Cache& full_cache() {
  static const std::unique_ptr<cubby::Cache> cache = [] {
    cubby::CacheOptions options;
    options.max_memory_bytes = std::size_t{512} << 20;
    auto made = std::make_unique<cubby::Cache>(options);
    const std::string value(64, 'v');
    for (std::uint32_t number = 0; number < kEntries; ++number)
      made->put(Key(number).text(), value);
    return made;
  }();
  return *cache;
}

Key random_key(std::minstd_rand& random) {
  return Key(static_cast<std::uint32_t>(random()) % kEntries);
}

std::minstd_rand random_of(const benchmark::State& state) {
  return std::minstd_rand(static_cast<std::uint32_t>(state.thread_index()) + 1);
}

void get(benchmark::State& state) {
  cubby::Cache& cache = full_cache();
  std::minstd_rand random = random_of(state);
  std::string out;
  for (auto _ : state) {
    out.clear();
    const bool found = cache.get(random_key(random).text(),
                                 [&out](const cubby::ValueView& value) { value.append_to(out); });
    if (!found) state.SkipWithError("a key is missing");
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}

void put(benchmark::State& state) {
  cubby::Cache& cache = full_cache();
  std::minstd_rand random = random_of(state);
  const std::string value(64, 'w');
  for (auto _ : state) benchmark::DoNotOptimize(cache.put(random_key(random).text(), value));
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(get)->ThreadRange(1, 2)->UseRealTime();
BENCHMARK(put)->ThreadRange(1, 2)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
