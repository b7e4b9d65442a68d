// How many calls to the system a request costs, of whatever kind, in the daemon as it is run.

#include <chrono>
#include <cstddef>
#include <iostream>
#include <optional>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include "support/child_process.hpp"
#include "support/sanitizers.hpp"
#include "support/steady_load.hpp"
#include "syscall_counter.hpp"

namespace cubby::test {
namespace {

constexpr double kMostCallsOneAtATime = 4;
constexpr double kMostCallsSixteenDeep = 0.3;

constexpr std::size_t kWarmUpBatches = 100;
constexpr std::size_t kMeasuredBatches = 1000;

// What comes without any request: once a second the worker ticks, and four times it looks for work
// that can wait. Each time it has waited for that, and sets the timer again.
constexpr double kTimerCallsASecond = (1 + 4) * 2;

using Seconds = std::chrono::duration<double>;

class SyscallTest : public ::testing::TestWithParam<SteadyLoadOptions> {};

TEST_P(SyscallTest, ARequestCostsFewCalls) {
  if (kSanitized) GTEST_SKIP() << "sanitizers make calls of their own";
  const std::size_t depth = GetParam().depth;
  const Daemon daemon({"--threads", "1"});
  SteadyLoad load(daemon.address(), GetParam());
  std::optional<SyscallCounter> counter;
  try {
    counter.emplace(daemon.pid());
  } catch (const std::system_error& error) {
    GTEST_SKIP() << "other processes cannot be traced here: " << error.what();
  }
  load.run(kWarmUpBatches * depth);
  const auto begin = std::chrono::steady_clock::now();
  const SyscallCounts before = counter->counts();
  const auto requests = static_cast<double>(load.run(kMeasuredBatches * depth));
  const SyscallCounts calls = difference(counter->counts(), before);
  const Seconds time = std::chrono::steady_clock::now() - begin;

  const std::string table = per_request(calls, requests);
  std::cout << GetParam() << ": " << table << '\n';
  const auto all = static_cast<double>(sum(calls));
  const double most = depth == kPipelineDepth ? kMostCallsSixteenDeep : kMostCallsOneAtATime;
  EXPECT_LE(all, most * requests + kTimerCallsASecond * (time.count() + 1)) << table;
  // It is the right thread that was watched: no batch goes with less than a read and a write.
  EXPECT_GE(all, 2 * requests / static_cast<double>(depth)) << table;
}

INSTANTIATE_TEST_SUITE_P(Loads, SyscallTest, ::testing::ValuesIn(every_steady_load()),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace cubby::test
