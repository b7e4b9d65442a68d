// The memory bound, in a short form of what `./dev bench memory` measures.

#include "support/churn.hpp"

#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include "support/child_process.hpp"
#include "support/sanitizers.hpp"

namespace cubby::test {
namespace {

TEST(Churn, KeepsWithinTheBoundAndStaysFull) {
  if (kSanitized) GTEST_SKIP() << "sanitizers have an allocator of their own";
  constexpr std::size_t kLimitBytes = std::size_t{64} << 20;
  // A full cache holds no more than its limit, so that nothing of the phase before is left.
  constexpr double kTurnover = 1.0;
  const Daemon daemon({"--max-memory", std::to_string(kLimitBytes)});
  Churn churn(daemon.address(), daemon.pid(), kLimitBytes, kTurnover);
  const auto expect_within_bounds = [&churn](const ChurnPhase& phase) {
    for (const std::string& problem : churn.run(phase, 1).problems) {
      ADD_FAILURE() << phase.name << ": " << problem;
    }
  };
  expect_within_bounds(kFirstFill);
  // Without the first phase of the round, which comes again and takes the longest.
  for (const ChurnPhase& phase : churn_round().subspan(1)) expect_within_bounds(phase);
}

}  // namespace
}  // namespace cubby::test
