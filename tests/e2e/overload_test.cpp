// Everybody at once who wants something for nothing: connections that are idle, or half of a
// request, or leave in the middle of replies, or do not read them. Whoever comes new is served all
// the while, and when they have gone they have left nothing behind.

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <exception>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "support/child_process.hpp"
#include "support/churn.hpp"
#include "support/client.hpp"
#include "support/descriptors.hpp"
#include "support/memory_report.hpp"
#include "support/process_memory.hpp"
#include "support/sanitizers.hpp"

namespace cubby::test {
namespace {

constexpr std::size_t kLimitBytes = std::size_t{64} << 20;
constexpr int kShare = kSanitized ? 10 : 1;  // of the crowd, since sanitizers are slow
constexpr int kIdle = 5000 / kShare;
constexpr int kHalfOpen = 1000 / kShare;
constexpr int kResets = 300 / kShare;
constexpr int kUnread = 10;
constexpr std::size_t kUnreadRequests = 100'000;

// False when so many are not allowed.
bool allow_descriptors(rlim_t count) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= count) return true;
  limit.rlim_cur = count;
  return limit.rlim_max >= count && ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

// Asks for /health on one new connection after another, until the end.
class Prober {
 public:
  explicit Prober(const Address& address) : thread_([this, address] { run(address); }) {}
  ~Prober() { stop(); }

  // Returns how many times it was answered. Everybody else must have been, too.
  int stop() {
    done_ = true;
    if (thread_.joinable()) thread_.join();
    return answered_;
  }

 private:
  void run(const Address& address) {
    try {
      for (; !done_; ++answered_) {
        EXPECT_EQ(Client(address).exchange(get("/health")).status, 200);
      }
    } catch (const std::exception& error) {
      ADD_FAILURE() << "/health, after " << answered_ << " answers: " << error.what();
    }
  }

  std::atomic<bool> done_{false};
  std::atomic<int> answered_{0};
  std::thread thread_;
};

// The server may cut any of those that misbehave.
template <class Action>
void attempt(Action action) {
  try {
    action();
  } catch (const std::exception&) {
  }
}

Client dial_with_small_window(const Address& address) {
  Client client = Client::unconnected(16 * 1024);
  client.connect(address);
  return client;
}

class Overload : public ::testing::Test {
 protected:
  void add_idle() {
    for (int i = 0; i < kIdle; ++i) crowd_.emplace_back(daemon_.address());
  }

  // Half of a head, half of a body; and of each, with an end after it.
  void add_half_open() {
    const std::string request = put("k", std::string(20'000, 'v'));
    for (int i = 0; i < kHalfOpen; ++i) {
      crowd_.emplace_back(daemon_.address());
      attempt([&] { crowd_.back().send(request.substr(0, i % 2 == 0 ? 30 : request.size() / 2)); });
      if (i % 4 >= 2) crowd_.back().end_writing();
    }
  }

  void reset_within_replies() {
    for (int i = 0; i < kResets; ++i) {
      Client client = dial_with_small_window(daemon_.address());
      attempt([&] {
        client.send(get("/get?key=large") + get("/get?key=small"));
        EXPECT_TRUE(client.readable_within(kPatience));
      });
      client.reset();
    }
  }

  void add_unread() {
    constexpr std::chrono::milliseconds kFull{100};  // who cannot send for so long has sent enough
    const std::string request = get("/get?key=small");
    std::string batch;
    for (int i = 0; i < 1000; ++i) batch += request;
    for (int i = 0; i < kUnread; ++i) {
      crowd_.push_back(dial_with_small_window(daemon_.address()));
      attempt([&] {
        crowd_.back().send_until_blocked(batch, kUnreadRequests * request.size(), kFull);
      });
    }
  }

  void expect_memory_within_bounds() {
    Client client(daemon_.address());
    const MemoryReport report = ask_memory(client);
    EXPECT_LE(report.used_bytes, report.limit_bytes);
    if (kSanitized) return;  // they have an allocator of their own
    EXPECT_LE(peak_resident_bytes(daemon_.pid()), resident_bound(kLimitBytes));
  }

  // Returns what is open in the end.
  std::size_t wait_for_descriptors(std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    std::size_t open = 0;
    do {
      open = open_descriptors(daemon_.pid());
    } while (open != count && std::chrono::steady_clock::now() < deadline);
    return open;
  }

  Daemon daemon_{{"--threads", "2", "--max-memory", std::to_string(kLimitBytes)}};
  std::vector<Client> crowd_;
};

TEST_F(Overload, ServesWhoeverComesNewAndLeavesNothingBehind) {
  constexpr rlim_t kDescriptors = kIdle + kHalfOpen + kUnread + 100;
  if (!allow_descriptors(kDescriptors)) GTEST_SKIP() << "too few descriptors are allowed";
  const std::size_t descriptors_before = open_descriptors(daemon_.pid());
  {
    Client client(daemon_.address());
    EXPECT_EQ(client.exchange(put("small", std::string(2000, 'v'))).status, 200);
    EXPECT_EQ(client.exchange(put("large", std::string(std::size_t{1} << 20, 'v'))).status, 200);
  }
  Prober prober(daemon_.address());
  add_idle();
  add_half_open();
  add_unread();
  reset_within_replies();
  expect_memory_within_bounds();
  EXPECT_GT(prober.stop(), 10);

  crowd_.clear();
  EXPECT_EQ(wait_for_descriptors(descriptors_before), descriptors_before);
  expect_memory_within_bounds();
  daemon_.signal(SIGTERM);
  EXPECT_EQ(daemon_.wait(), 0) << daemon_.output();
}

}  // namespace
}  // namespace cubby::test
