// The memory bound under churn: see usage().

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/churn.hpp"

namespace {

using cubby::test::ChurnPhase;
using cubby::test::ChurnResult;

constexpr double kTurnover = 1.2;

int usage() {
  std::fputs(
      "usage: memory_churn LIMIT_MIB ROUNDS CSV\n\n"
      "Starts cubbyd with that limit and fills it with values of one size after another. Prints a\n"
      "line a phase to standard error and a Markdown table to standard output, and writes the\n"
      "resident memory over time to CSV: seconds, RSS, limit and bound in MB, phase. Exits with 1\n"
      "when a bound was violated.\n",
      stderr);
  return 2;
}

double megabytes(std::size_t bytes) { return static_cast<double>(bytes) / 1e6; }

// What the rounds of a phase have in common.
struct Summary {
  std::string phase;
  double least_stored = 1;
  double required = 0;
  std::size_t most_resident = 0;
  bool holds = true;

  void add(const ChurnResult& result) {
    least_stored = std::min(least_stored, result.stored);
    most_resident = std::max(most_resident, result.most_resident_bytes);
    holds = holds && result.problems.empty();
  }
};

class Run {
 public:
  Run(std::size_t limit_bytes, int rounds)
      : limit_bytes_(limit_bytes),
        bound_bytes_(cubby::test::resident_bound(limit_bytes)),
        daemon_({"--max-memory", std::to_string(limit_bytes)}),
        churn_(daemon_.address(), daemon_.pid(), limit_bytes, kTurnover) {
    run(cubby::test::kFirstFill, 1);
    for (int round = 1; round <= rounds; ++round) {
      for (const ChurnPhase& phase : cubby::test::churn_round()) run(phase, round);
    }
  }

  bool holds() const { return std::ranges::all_of(summaries_, &Summary::holds); }

  void print() const {
    std::printf("| limit %.0f MB, values of | stored, least | required | RSS, most | bound | |\n",
                megabytes(limit_bytes_));
    std::printf("|---|--:|--:|--:|--:|---|\n");
    for (const Summary& summary : summaries_) {
      std::printf("| %s | %.1f%% | %.0f%% | %.1f MB | %.1f MB | %s |\n", summary.phase.c_str(),
                  summary.least_stored * 100, summary.required * 100,
                  megabytes(summary.most_resident), megabytes(bound_bytes_),
                  summary.holds ? "OK" : "violated");
    }
  }

  void write(const std::string& path) {
    std::ofstream csv(path);
    csv << "seconds,rss,limit,bound,phase\n";
    for (const auto& sample : churn_.samples()) {
      csv << sample.at.count() << ',' << megabytes(sample.bytes) << ',' << megabytes(limit_bytes_)
          << ',' << megabytes(bound_bytes_) << ',' << sample.label << '\n';
    }
    if (!csv.flush()) throw std::runtime_error("cannot write " + path);
  }

 private:
  void run(const ChurnPhase& phase, int round) {
    const ChurnResult result = churn_.run(phase, round);
    std::fprintf(stderr, "%-12s round %2d  stored %5.1f%%  RSS at most %7.1f MB of %7.1f MB  %s\n",
                 phase.name, round, result.stored * 100, megabytes(result.most_resident_bytes),
                 megabytes(bound_bytes_), result.problems.empty() ? "OK" : "violated");
    for (const std::string& problem : result.problems) {
      std::fprintf(stderr, "  %s\n", problem.c_str());
    }
    auto summary = std::ranges::find(summaries_, phase.name, &Summary::phase);
    if (summary == summaries_.end()) {
      summary = summaries_.insert(summary, {.phase = phase.name, .required = phase.least_stored});
    }
    summary->add(result);
  }

  const std::size_t limit_bytes_;
  const std::size_t bound_bytes_;
  cubby::test::Daemon daemon_;
  cubby::test::Churn churn_;
  std::vector<Summary> summaries_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return usage();
  const auto limit_mib = std::strtoul(argv[1], nullptr, 10);
  const int rounds = std::atoi(argv[2]);
  if (limit_mib == 0 || rounds <= 0) return usage();
  try {
    Run run(std::size_t{limit_mib} << 20, rounds);
    run.write(argv[3]);
    run.print();
    return run.holds() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "memory_churn: %s\n", error.what());
    return 1;
  }
}
