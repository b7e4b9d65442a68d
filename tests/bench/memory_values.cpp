// Big values: how much memory a PUT and a GET of one need at most, and how long another client's
// GETs wait meanwhile, on the same worker and on another. Prints a Markdown table; exits with 1
// when a bound was violated.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <future>
#include <stdexcept>
#include <string>
#include <string_view>

#include "bench/latencies.hpp"
#include "support/child_process.hpp"
#include "support/churn.hpp"
#include "support/process_memory.hpp"
#include "support/put_load.hpp"

namespace {

using namespace cubby::test;
using cubby::bench::Latencies;

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::uint64_t kSmallEntries = 1000;

struct Case {
  std::size_t value_bytes;
  std::size_t limit_bytes;
  int repeats;
};

constexpr Case kCases[] = {
    {kMiB, 64 * kMiB, 200},
    {64 * kMiB, 512 * kMiB, 10},
    {512 * kMiB, 2048 * kMiB, 3},
};

// Sends a value in pieces, so that it is not in this process's memory as a whole.
void put_value(Client& client, std::size_t bytes) {
  static const std::string piece(kMiB, 'v');
  constexpr std::string_view kBefore = R"({"key":"big","value":")";
  constexpr std::string_view kAfter = R"("})";
  client.send("POST /put HTTP/1.1\r\nHost: cubby\r\nContent-Length: " +
              std::to_string(kBefore.size() + bytes + kAfter.size()) + "\r\n\r\n");
  client.send(kBefore);
  for (std::size_t sent = 0; sent < bytes; sent += piece.size()) client.send(piece);
  client.send(kAfter);
  const ReceivedReply reply = client.receive();
  if (reply.status != 200) throw std::runtime_error("a big value was answered: " + reply.body);
}

void get_value(Client& client, std::size_t bytes) {
  client.send(get("/get?key=big"));
  std::string head;
  std::size_t body_begin = std::string::npos;
  while (body_begin == std::string::npos) {
    head += client.receive_some();
    body_begin = head.find("\r\n\r\n");
  }
  constexpr std::string_view kFrame = R"({"status":"OK","key":"big","value":""})";
  const std::size_t expected = body_begin + 4 + kFrame.size() + bytes;
  std::size_t received = head.size();
  while (received < expected) {
    const std::size_t more = client.receive_some().size();
    if (more == 0) throw std::runtime_error("a big value broke off");
    received += more;
  }
  if (received != expected || !head.starts_with("HTTP/1.1 200")) {
    throw std::runtime_error("a big value came back as another: " + head.substr(0, 1000));
  }
}

// Runs `work` while `prober` gets small values, one after another.
template <class Work>
Latencies probe_during(Client& prober, Work&& work) {
  std::atomic<bool> go_on{true};
  auto latencies = std::async(std::launch::async, [&] {
    Latencies result;
    for (std::uint64_t number = 0; go_on; ++number) {
      const std::string request = get("/get?key=" + load_key(number % kSmallEntries));
      result.time([&] {
        const ReceivedReply reply = prober.exchange(request);
        if (reply.status != 200)
          throw std::runtime_error("a small GET was answered: " + reply.body);
      });
    }
    return result;
  });
  try {
    work();
  } catch (...) {
    go_on = false;
    throw;
  }
  go_on = false;
  return latencies.get();
}

// Returns whether the daemon kept to its bound.
bool run(const Case& big, int threads) {
  const Daemon daemon({"--threads", std::to_string(threads), "--max-memory",
                       std::to_string(big.limit_bytes), "--max-value-size",
                       std::to_string(big.value_bytes)});
  put_all(
      daemon.address(), kSmallEntries,
      [](std::uint64_t index) { return Put{.key = index, .value_bytes = 64}; }, 1);
  // With two workers each has one of these connections, with one it has both.
  Client prober(daemon.address());
  Client client(daemon.address());
  const auto repeat = [&](auto&& what) {
    return probe_during(prober, [&] {
      for (int i = 0; i < big.repeats; ++i) what(client, big.value_bytes);
    });
  };
  const Latencies during_puts = repeat(put_value);
  const Latencies during_gets = repeat(get_value);
  const std::size_t peak = peak_resident_bytes(daemon.pid());
  const std::size_t bound = resident_bound(big.limit_bytes);
  std::printf("| %zu MiB | %s | %.2f ms | %.2f ms | %.2f ms | %.2f ms | %.0f MB | %.0f MB |\n",
              big.value_bytes / kMiB, threads == 1 ? "same" : "another",
              during_puts.quantile_ms(0.999), during_puts.slowest_ms(),
              during_gets.quantile_ms(0.999), during_gets.slowest_ms(),
              static_cast<double>(peak) / 1e6, static_cast<double>(bound) / 1e6);
  std::fflush(stdout);
  return peak <= bound;
}

}  // namespace

int main() {
  std::printf(
      "| value | worker | 99.9%% within, PUT | slowest, PUT | 99.9%% within, GET | slowest, GET "
      "| RSS, most | bound |\n|--:|---|--:|--:|--:|--:|--:|--:|\n");
  try {
    bool holds = true;
    for (const Case& big : kCases) {
      for (const int threads : {1, 2}) holds = run(big, threads) && holds;
    }
    return holds ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "memory_values: %s\n", error.what());
    return 1;
  }
}
