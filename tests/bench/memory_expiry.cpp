// A million entries that expire within one second, while a client goes on getting others: when
// their memory is back, and what the client notices. Prints a Markdown table.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

#include "bench/latencies.hpp"
#include "support/child_process.hpp"
#include "support/memory_report.hpp"
#include "support/process_memory.hpp"
#include "support/put_load.hpp"

namespace {

using namespace cubby::test;
using namespace std::chrono_literals;
using cubby::bench::Latencies;
using SteadyClock = std::chrono::steady_clock;

constexpr std::uint64_t kEntries = 1'000'000;
constexpr std::uint64_t kLasting = 1000;
constexpr std::size_t kValueBytes = 64;
// From the beginning of the load to the first expiry, to the last, and until it is given up.
constexpr auto kLoadTime = 10s;
constexpr auto kSpread = 1000ms;
constexpr auto kPatience = 30s;
constexpr auto kPollPeriod = 5ms;
// Of the entries' memory, what must be given back to the system to count as back.
constexpr double kShareBack = 0.9;

double since_ms(SteadyClock::time_point when) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - when).count();
}

// Gets the lasting entries one at a time, one after another.
class Getter {
 public:
  explicit Getter(const Address& address)
      : done_(std::async(std::launch::async, [this, address] { return run(address); })) {}

  ~Getter() { stop_ = true; }
  Getter(const Getter&) = delete;
  Getter& operator=(const Getter&) = delete;

  // From now on the times count for what stop() returns.
  void begin() { counts_ = true; }

  Latencies stop() {
    stop_ = true;
    return done_.get();
  }

 private:
  Latencies run(const Address& address) {
    Client client(address);
    Latencies latencies;
    Latencies before;
    for (std::uint64_t number = 0; !stop_; ++number) {
      const std::string request = get("/get?key=" + load_key(kEntries + number % kLasting));
      (counts_ ? latencies : before).time([&] {
        if (client.exchange(request).status != 200)
          throw std::runtime_error("a lasting key is gone");
      });
    }
    return latencies;
  }

  std::atomic<bool> counts_{false};
  std::atomic<bool> stop_{false};
  std::future<Latencies> done_;
};

// Returns the time of the last expiry.
SteadyClock::time_point load(const Address& address) {
  const auto first = SteadyClock::now() + kLoadTime;
  put_all(address, kLasting, [](std::uint64_t index) {
    return Put{.key = kEntries + index, .value_bytes = kValueBytes};
  });
  put_all(address, kEntries, [first](std::uint64_t index) {
    const auto expiry = first + index % kSpread.count() * 1ms;
    return Put{.key = index,
               .value_bytes = kValueBytes,
               .ttl = std::chrono::ceil<std::chrono::milliseconds>(expiry - SteadyClock::now())};
  });
  if (SteadyClock::now() >= first) throw std::runtime_error("the load took too long");
  return first + kSpread;
}

void run() {
  const Daemon daemon({"--max-memory", "1g"});
  Client client(daemon.address());
  const auto last_expiry = load(daemon.address());
  const MemoryReport full = ask_memory(client);
  const std::size_t full_resident = resident_bytes(daemon.pid());
  if (full.entries != kEntries + kLasting) throw std::runtime_error("entries are missing");

  Getter getter(daemon.address());
  std::this_thread::sleep_until(last_expiry - kSpread);
  getter.begin();
  double entries_gone_ms = 0;
  double memory_back_ms = 0;
  std::size_t least_resident = full_resident;
  while (memory_back_ms == 0) {
    if (SteadyClock::now() > last_expiry + kPatience) throw std::runtime_error("not all is back");
    std::this_thread::sleep_for(kPollPeriod);
    const MemoryReport now = ask_memory(client);
    least_resident = std::min(least_resident, resident_bytes(daemon.pid()));
    if (now.entries > kLasting) continue;
    if (entries_gone_ms == 0) entries_gone_ms = since_ms(last_expiry);
    const double back = static_cast<double>(full_resident - least_resident);
    if (back >= kShareBack * static_cast<double>(full.entry_bytes - now.entry_bytes)) {
      memory_back_ms = since_ms(last_expiry);
    }
  }
  const Latencies latencies = getter.stop();

  std::printf("| %llu entries that expire within one second | |\n|---|--:|\n",
              static_cast<unsigned long long>(kEntries));
  std::printf("| removed, after the last expiry | %.0f ms |\n", entries_gone_ms);
  std::printf("| memory given back to the system, after the last expiry | %.0f ms |\n",
              memory_back_ms);
  std::printf("| RSS before and after | %.1f MB, %.1f MB |\n",
              static_cast<double>(full_resident) / 1e6, static_cast<double>(least_resident) / 1e6);
  std::printf("| GETs meanwhile, one at a time | %zu |\n", latencies.count());
  std::printf("| GET, median | %.3f ms |\n", latencies.quantile_ms(0.5));
  std::printf("| GET, 99.9%% within | %.3f ms |\n", latencies.quantile_ms(0.999));
  std::printf("| GET, slowest | %.3f ms |\n", latencies.slowest_ms());
}

}  // namespace

int main() {
  try {
    run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "memory_expiry: %s\n", error.what());
    return 1;
  }
}
