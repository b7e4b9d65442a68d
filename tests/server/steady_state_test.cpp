// What a request allocates on its whole way through a worker, once the same has been asked before:
// nothing.

#include <chrono>
#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include "server/server_fixture.hpp"
#include "support/allocation_counter.hpp"
#include "support/sanitizers.hpp"
#include "support/steady_load.hpp"

namespace cubby::server {
namespace {

using test::allocations_of_others;
using test::SteadyLoad;
using test::SteadyLoadOptions;

constexpr std::size_t kMostAllocations = 0;
constexpr std::size_t kWarmUp = 2000;
constexpr std::size_t kRequests = 2000;

const std::string kPage = "https://a.page.of.another.origin.example:8443";

// The worker's thread is the only other one, so what others allocate is what it does. Its timers
// fire all the time, so that what they allocate does not go unseen either.
class SteadyStateTest : public ServerTest, public ::testing::WithParamInterface<SteadyLoadOptions> {
 protected:
  void SetUp() override {
    if (test::kSanitized) GTEST_SKIP() << "sanitizers have an allocator of their own";
    options_.clock = &clock_;
    options_.tick = std::chrono::milliseconds(1);
    if (!GetParam().origin.empty()) options_.cors_origins = {"https://other.example", kPage};
    serve();
  }

  test::Address address() const { return {.port = server_->port()}; }
};

TEST_P(SteadyStateTest, ARequestAllocatesNothing) {
  SteadyLoad load(address(), GetParam());
  load.run(kWarmUp);
  const std::size_t before = allocations_of_others();
  load.run(kRequests);
  EXPECT_EQ(allocations_of_others() - before, kMostAllocations);
}

INSTANTIATE_TEST_SUITE_P(Loads, SteadyStateTest, ::testing::ValuesIn(test::every_steady_load()),
                         ::testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(Pages, SteadyStateTest,
                         ::testing::Values(SteadyLoadOptions{.origin = kPage},
                                           SteadyLoadOptions{.depth = test::kPipelineDepth,
                                                             .origin = kPage}),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace cubby::server
