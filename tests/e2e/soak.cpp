// A full load of everything at once, for as long as it is told: see usage().

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "e2e/soak_load.hpp"
#include "support/child_process.hpp"
#include "support/churn.hpp"
#include "support/descriptors.hpp"
#include "support/process_memory.hpp"
#include "support/sanitizers.hpp"

namespace cubby::test {
namespace {

constexpr std::size_t kLimitBytes = std::size_t{128} << 20;
constexpr int kMostSecondsOfWindow = 60;
constexpr int kLeastSecondsForFlatness = 30;
constexpr double kMostGrowth = 1.05;
constexpr double kMostMilliseconds = 100;

int usage() {
  std::fputs(
      "usage: soak SECONDS\n\n"
      "Starts cubbyd and gives it a full load for that long: clients that behave, and check every\n"
      "answer, and such as reset connections, send halves of requests, a byte at a time, and do\n"
      "not read what they asked for. Prints what becomes of memory, descriptors and the latency "
      "of\n"
      "/health. Exits with 1 when an answer was wrong or missing, when memory or descriptors grew\n"
      "between the second minute and the last, or when something was left behind.\n",
      stderr);
  return 2;
}

double megabytes(std::size_t bytes) { return static_cast<double>(bytes) / 1e6; }

struct Sample {
  std::size_t resident_bytes = 0;
  std::size_t descriptors = 0;
};

Sample most_of(const std::vector<Sample>& samples, std::size_t from, std::size_t to) {
  Sample most;
  for (std::size_t i = from; i < to; ++i) {
    most.resident_bytes = std::max(most.resident_bytes, samples[i].resident_bytes);
    most.descriptors = std::max(most.descriptors, samples[i].descriptors);
  }
  return most;
}

class Soak {
 public:
  explicit Soak(int seconds) : seconds_(seconds) {}

  // What did not hold.
  const std::vector<std::string>& run() {
    const std::size_t descriptors_before = open_descriptors(daemon_.pid());
    SoakLoad load(daemon_.address());
    watch(load);
    load.stop();
    problems_ = load.problems();
    judge_samples();
    judge_health(load);
    judge_rest(descriptors_before);
    daemon_.signal(SIGTERM);
    const int code = daemon_.wait();
    require(code == 0, "cubbyd ended with " + std::to_string(code) + ":\n" + daemon_.output());
    return problems_;
  }

 private:
  void require(bool holds, const std::string& problem) {
    if (!holds) problems_.push_back(problem);
  }

  // A sample a second, and a line now and then.
  void watch(const SoakLoad& load) {
    const int between_lines = seconds_ < 60 ? 1 : 10;
    const auto begin = std::chrono::steady_clock::now();
    for (int second = 1; second <= seconds_; ++second) {
      std::this_thread::sleep_until(begin + std::chrono::seconds(second));
      const Sample now{resident_bytes(daemon_.pid()), open_descriptors(daemon_.pid())};
      samples_.push_back(now);
      if (second % between_lines != 0) continue;
      std::printf(
          "%4d s: %llu answered, %llu of them with 503; %.1f MB resident, %zu descriptors\n",
          second, static_cast<unsigned long long>(load.answered()),
          static_cast<unsigned long long>(load.refused()), megabytes(now.resident_bytes),
          now.descriptors);
      std::fflush(stdout);
    }
    require(load.answered() > 0, "nobody was answered");
  }

  void judge_samples() {
    const std::size_t count = samples_.size();
    const auto window =
        static_cast<std::size_t>(std::clamp(seconds_ / 10, 1, kMostSecondsOfWindow));
    const Sample early = most_of(samples_, std::min(window, count), std::min(2 * window, count));
    const Sample late = most_of(samples_, count - std::min(window, count), count);
    std::printf("most resident: %.1f MB early, %.1f MB late; most descriptors: %zu, %zu\n",
                megabytes(early.resident_bytes), megabytes(late.resident_bytes), early.descriptors,
                late.descriptors);
    if (kSanitized) return;  // they have an allocator of their own
    require(late.resident_bytes <= resident_bound(kLimitBytes), "more is resident than may be");
    if (seconds_ < kLeastSecondsForFlatness) return;
    const auto has_grown = [](std::size_t from, std::size_t to) {
      return static_cast<double>(to) > kMostGrowth * static_cast<double>(from);
    };
    require(!has_grown(early.resident_bytes, late.resident_bytes), "resident memory has grown");
    require(!has_grown(early.descriptors, late.descriptors), "descriptors have become more");
  }

  void judge_health(const SoakLoad& load) {
    const bench::Latencies& health = load.health();
    std::printf("/health: %zu answers, 99.9%% of them within %.1f ms, the slowest after %.1f ms\n",
                health.count(), health.quantile_ms(0.999), health.slowest_ms());
    require(health.count() > 0, "/health was not asked");
    // The load shares the cores; so that is for a run on a machine of one's own.
    if (seconds_ < kLeastSecondsForFlatness) return;
    require(health.slowest_ms() <= kMostMilliseconds, "/health was too slow");
  }

  // When all clients have gone: the counts must agree, and nothing be left of them.
  void judge_rest(std::size_t descriptors_before) {
    Client client(daemon_.address());
    nlohmann::json report;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    do {
      report = nlohmann::json::parse(client.exchange(get("/v1/memory")).body);
    } while ((report["connections"] != 1 || report["in_flight_bytes"] != 0) &&
             std::chrono::steady_clock::now() < deadline);
    const auto number = [&report](const char* name) { return report[name].get<std::uint64_t>(); };
    require(number("connections") == 1, "connections are left");
    require(number("in_flight_bytes") == 0, "values are left that nobody sends or reads");
    require(number("used_bytes") <= number("limit_bytes"), "more is used than there is");
    require(number("used_bytes") == number("entry_bytes") + number("index_bytes") +
                                        number("connection_bytes") + number("in_flight_bytes"),
            "what is used is not the sum of its parts: " + report.dump());
    require(open_descriptors(daemon_.pid()) == descriptors_before + 1, "descriptors are left");
  }

  const int seconds_;
  Daemon daemon_{{"--max-memory", std::to_string(kLimitBytes)}};
  std::vector<Sample> samples_;
  std::vector<std::string> problems_;
};

int run(int seconds) {
  const std::vector<std::string> problems = Soak(seconds).run();
  for (const std::string& problem : problems) std::printf("FAILED: %s\n", problem.c_str());
  return problems.empty() ? 0 : 1;
}

}  // namespace
}  // namespace cubby::test

int main(int argc, char** argv) {
  const std::string_view text = argc == 2 ? argv[1] : "";
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || seconds < 1) {
    return cubby::test::usage();
  }
  try {
    return cubby::test::run(seconds);
  } catch (const std::exception& problem) {
    std::printf("FAILED: %s\n", problem.what());
    return 1;
  }
}
