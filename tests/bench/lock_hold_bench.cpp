// How long a shard's lock is held to expire an entry, its part in the shrinking of the index
// included: a million entries expire, and the removal of each is timed by itself, in CPU time of
// the thread, so that being interrupted does not count. Where a removal gives memory of the index
// back to the system, it does that after the lock: such removals are counted apart, because their
// time says more of that than of the lock. Prints a Markdown table.

#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include <cubby/cache.hpp>

#include "bench/latencies.hpp"
#include "core/shard.hpp"
#include "support/manual_clock.hpp"

namespace {

using namespace cubby;

constexpr int kEntries = 1'000'000;
constexpr unsigned kShardBits = 6;
constexpr std::uint64_t kSeed = 1;
constexpr std::size_t kLimit = std::size_t{512} << 20;

struct ThreadCpuClock {
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<ThreadCpuClock>;
  [[maybe_unused]] static constexpr bool is_steady = true;  // a clock has it

  static time_point now() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time_point(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
  }
};

using Removals = bench::BasicLatencies<ThreadCpuClock>;

void print(const char* which, const Removals& removals) {
  std::printf("| %s | %zu | %.2f us | %.1f us | %.1f us | %.1f us |\n", which, removals.count(),
              removals.quantile_ms(0.5) * 1e3, removals.quantile_ms(0.999) * 1e3,
              removals.quantile_ms(0.99999) * 1e3, removals.slowest_ms() * 1e3);
}

}  // namespace

int main() {
  test::ManualClock clock;
  CacheOptions options;
  options.max_memory_bytes = kLimit;
  options.clock = &clock;
  CacheState state(options, kLimit, kSeed);
  std::vector<Index::Whereabouts> indexes_at(std::size_t{1} << kShardBits);
  std::vector<std::unique_ptr<Shard>> shards;
  for (unsigned id = 0; id < 1U << kShardBits; ++id) {
    shards.push_back(std::make_unique<Shard>(state, static_cast<std::uint8_t>(id), indexes_at[id]));
  }
  const std::string text(64, 'v');
  for (int number = 0; number < kEntries; ++number) {
    const std::string key = std::to_string(1'000'000'000'000'000 + number);
    const KeyHash hash = KeyHash::of(key, kSeed);
    Credit credit(state.budget);
    std::size_t needed = 0;
    NewValue value{.bytes = text};
    shards[hash.shard(kShardBits)]->put(hash, key, value, {.ttl = std::chrono::seconds(1)},
                                        state.charge(key, value.size()), credit, &needed);
  }

  clock.advance(std::chrono::seconds(2));
  Removals plain;
  Removals giving_back;
  for (PageNumber page = 1; page < state.arena.pages_touched(); ++page) {
    const Slab::Visit visit(state.slab, page);
    if (!visit) continue;
    for (std::uint32_t i = 0; i < visit.slots(); ++i) {
      const Ref slot = visit.slot(i);
      const SlotMeta meta = load_meta(header_at(state.arena, slot));
      if (!meta.used()) continue;
      const std::size_t index_bytes = state.index_bytes;
      const auto begin = ThreadCpuClock::now();
      shards[meta.owner()]->expire_slot(slot, state.now_ms());
      const auto took = ThreadCpuClock::now() - begin;
      (state.index_bytes < index_bytes ? giving_back : plain).add(took);
    }
  }
  std::printf(
      "| removals | calls | median | 99.9%% within | 99.999%% within | slowest |\n"
      "|---|--:|--:|--:|--:|--:|\n");
  print("of an entry, in CPU time", plain);
  print("that give index memory back as well", giving_back);
  return plain.count() + giving_back.count() == kEntries ? 0 : 1;
}
