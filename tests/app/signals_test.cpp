#include "app/signals.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>

#include <gtest/gtest.h>
#include <unistd.h>

namespace cubby::app {
namespace {

using std::chrono::milliseconds;

// Each test takes signals in a process of its own.
class StopSignalsDeathTest : public testing::TestWithParam<int> {
 protected:
  StopSignalsDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_P(StopSignalsDeathTest, TheFirstIsWaitedFor) {
  const auto first = [signal = GetParam()] {
    const StopSignals signals;
    raise(signal);
    std::_Exit(signals.wait() == signal ? 0 : 1);
  };
  EXPECT_EXIT(first(), testing::ExitedWithCode(0), "");
}

TEST_P(StopSignalsDeathTest, TheSecondEndsTheProcess) {
  const auto second = [signal = GetParam()] {
    const StopSignals signals;
    raise(SIGTERM);
    signals.wait();
    signals.end_at_once(milliseconds(0));
    raise(signal);
    std::_Exit(0);
  };
  EXPECT_EXIT(second(), testing::ExitedWithCode(128 + GetParam()), "");
}

TEST_P(StopSignalsDeathTest, ARepeatOfTheFirstDoesNot) {
  const auto repeat = [signal = GetParam()] {
    const StopSignals signals;
    raise(SIGTERM);
    signals.wait();
    signals.end_at_once(std::chrono::hours(1));
    raise(signal);
    std::_Exit(0);
  };
  EXPECT_EXIT(repeat(), testing::ExitedWithCode(0), "");
}

INSTANTIATE_TEST_SUITE_P(Both, StopSignalsDeathTest, testing::Values(SIGTERM, SIGINT));

TEST(SigpipeDeathTest, ABrokenPipeIsNoReasonToEnd) {
  const auto write_to_nobody = [] {
    const StopSignals signals;
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) std::_Exit(2);
    close(ends[0]);
    std::_Exit(write(ends[1], "x", 1) == -1 ? 0 : 1);
  };
  EXPECT_EXIT(write_to_nobody(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace cubby::app
