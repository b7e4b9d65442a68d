// How long expiry keeps others from a shard, seen from outside: a thread removes a million entries
// that expired all at once while another gets keys that stay. What a GET takes longer than it does
// without the sweep bounds how long a lock is held. Prints a Markdown table.

#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include <cubby/cache.hpp>

#include "bench/latencies.hpp"
#include "support/manual_clock.hpp"

namespace {

using namespace std::chrono_literals;
using cubby::bench::Latencies;

constexpr int kEntries = 1'000'000;
constexpr int kLasting = 10'000;
constexpr auto kQuietTime = 500ms;

// Of 16 bytes.
std::string key(int number) { return std::to_string(1'000'000'000'000'000 + number); }

Latencies get_while(cubby::Cache& cache, const std::atomic<bool>& go_on) {
  Latencies latencies;
  std::string out;
  for (int number = 0; go_on; number = (number + 1) % kLasting) {
    const std::string lasting = key(kEntries + number);
    latencies.time([&] {
      out.clear();
      cache.get(lasting, [&out](const cubby::ValueView& value) { value.append_to(out); });
    });
  }
  return latencies;
}

void print(const char* when, const Latencies& latencies) {
  std::printf("| %s | %zu | %.2f us | %.2f us | %.1f us |\n", when, latencies.count(),
              latencies.quantile_ms(0.5) * 1e3, latencies.quantile_ms(0.9999) * 1e3,
              latencies.slowest_ms() * 1e3);
}

}  // namespace

int main() {
  cubby::test::ManualClock clock;
  cubby::CacheOptions options;
  options.max_memory_bytes = std::size_t{512} << 20;
  options.clock = &clock;
  cubby::Cache cache(options);
  const std::string value(64, 'v');
  for (int number = 0; number < kEntries; ++number) cache.put(key(number), value, {.ttl = 1s});
  for (int number = 0; number < kLasting; ++number) cache.put(key(kEntries + number), value);

  // Runs `work` on a thread of its own, and GETs on this one until it is done.
  const auto get_during = [&cache](auto&& work) {
    std::atomic<bool> go_on{true};
    std::thread worker([&] {
      work();
      go_on = false;
    });
    const Latencies latencies = get_while(cache, go_on);
    worker.join();
    return latencies;
  };
  const Latencies quiet = get_during([] { std::this_thread::sleep_for(kQuietTime); });
  clock.advance(2s);
  const auto begin = std::chrono::steady_clock::now();
  const Latencies swept = get_during([&cache] {
    while (cache.maintain()) {
    }
  });
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  if (cache.stats().entries != kLasting) {
    std::fprintf(stderr, "expiry_bench: %llu entries are left\n",
                 static_cast<unsigned long long>(cache.stats().entries));
    return 1;
  }

  std::printf("%d entries removed in %.0f ms.\n\n", kEntries, took.count());
  std::printf("| GETs of another thread | calls | median | 99.99%% within | slowest |\n");
  std::printf("|---|--:|--:|--:|--:|\n");
  print("without a sweep", quiet);
  print("during the sweep", swept);
  return 0;
}
