// The embeddable cache beside others in-process, on one thread and on two: a million entries of a
// 16-byte key and a 64-byte value, random keys, the value copied out.
//
// `ideal` says what two threads can have at most on the machine: each walks memory of its own, as
// large as the cache, and nothing is shared.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "peers.hpp"
#include "random_keys.hpp"

namespace {

using cubby::bench::Key;
using cubby::bench::RandomNumbers;
using cubby::bench::Value;

constexpr std::uint64_t kEntries = 1'000'000;

// Ten times what there is room for: nearly every put evicts.
constexpr std::uint64_t kKeysThatEvict = 10 * kEntries;

RandomNumbers numbers_of(const benchmark::State& state, std::uint64_t count) {
  return {static_cast<std::uint64_t>(state.thread_index()) + 1, count};
}

// Whether the keys that the cache was filled with stay.
enum class Use { overwrites, evicts };

// Made by the first benchmark that uses it and kept for the others.
template <class Peer, Use kUse>
Peer& full() {
  static const auto kPeer = [] {
    auto made = std::make_unique<Peer>(kEntries);
    for (std::uint64_t number = 0; number < kEntries; ++number) made->put(Key(number).text(), {});
    return made;
  }();
  return *kPeer;
}

template <class Peer>
void get(benchmark::State& state) {
  Peer& peer = full<Peer, Use::overwrites>();
  RandomNumbers random = numbers_of(state, kEntries);
  Value value;
  for (auto _ : state) {
    if (!peer.get(Key(random()).text(), value)) state.SkipWithError("a key is missing");
    benchmark::DoNotOptimize(value);
  }
  state.SetItemsProcessed(state.iterations());
}

template <class Peer>
void put(benchmark::State& state) {
  Peer& peer = full<Peer, Use::overwrites>();
  RandomNumbers random = numbers_of(state, kEntries);
  Value value{};
  for (auto _ : state) {
    benchmark::DoNotOptimize(value);
    peer.put(Key(random()).text(), value);
  }
  state.SetItemsProcessed(state.iterations());
}

template <class Peer>
void mix(benchmark::State& state) {
  Peer& peer = full<Peer, Use::overwrites>();
  RandomNumbers random = numbers_of(state, kEntries);
  Value value{};
  unsigned turn = 0;
  for (auto _ : state) {
    const Key key(random());
    if (++turn % 10 == 0) {
      peer.put(key.text(), value);
    } else if (!peer.get(key.text(), value)) {
      state.SkipWithError("a key is missing");
    }
    benchmark::DoNotOptimize(value);
  }
  state.SetItemsProcessed(state.iterations());
}

template <class Peer>
void put_evicting(benchmark::State& state) {
  Peer& peer = full<Peer, Use::evicts>();
  RandomNumbers random = numbers_of(state, kKeysThatEvict);
  Value value{};
  for (auto _ : state) {
    benchmark::DoNotOptimize(value);
    peer.put(Key(random()).text(), value);
  }
  state.SetItemsProcessed(state.iterations());
}

// A walk round one cycle through all lines of memory, three steps an iteration.
void ideal(benchmark::State& state) {
  struct alignas(64) Line {
    std::uint32_t next;
  };
  constexpr std::uint32_t kLines = 1U << 21;
  std::vector<Line> lines(kLines);
  // Sattolo's shuffle: what comes out is one cycle.
  for (std::uint32_t i = 0; i < kLines; ++i) lines[i].next = i;
  RandomNumbers random = numbers_of(state, UINT32_MAX);
  for (std::uint32_t i = kLines - 1; i > 0; --i) {
    std::swap(lines[i].next, lines[static_cast<std::uint32_t>(random() % i)].next);
  }
  std::uint32_t at = 0;
  for (auto _ : state) {
    for (int step = 0; step < 3; ++step) at = lines[at].next;
    benchmark::DoNotOptimize(at);
  }
  state.SetItemsProcessed(state.iterations());
}

void add(const std::string& name, void (*run)(benchmark::State&)) {
  benchmark::RegisterBenchmark(name.c_str(), run)->ThreadRange(1, 2)->UseRealTime();
}

template <class Peer>
void add_peer() {
  const std::string name = Peer::kName;
  add(name + "/get", get<Peer>);
  add(name + "/put", put<Peer>);
  add(name + "/mix_10_put", mix<Peer>);
  add(name + "/put_evicting", put_evicting<Peer>);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  add_peer<cubby::bench::Ours>();
#ifdef CUBBY_BENCH_LEVELDB
  add_peer<cubby::bench::LevelDb>();
#endif
  add_peer<cubby::bench::MapAndList>();
  add("ideal", ideal);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
