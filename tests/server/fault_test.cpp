// Every call to the system and every allocation of a server fails once, in turn, while it lives
// through the same small life each time. Whatever fails, it goes on, loses nothing for good, and
// stops.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include <cubby/cache.hpp>

#include "server/faults.hpp"
#include "server/server.hpp"
#include "server/server_fixture.hpp"
#include "support/client.hpp"
#include "support/descriptors.hpp"

namespace cubby::server {
namespace {

using test::FaultKind;

constexpr std::size_t kLarge = 300'000;
constexpr std::chrono::seconds kStopTimeout{5};

// Ends the program when what is done meanwhile takes too long, since nothing else can end it.
class Watchdog {
 public:
  Watchdog(const char* what, FaultKind kind, std::size_t n)
      : thread_([this, what, kind, n] {
          test::count_this_thread(false);
          std::unique_lock lock(mutex_);
          if (done_.wait_for(lock, 2 * kPatience, [this] { return is_done_; })) return;
          std::fprintf(stderr, "%s: wedged by fault %zu of kind %d, in %s\n", what, n,
                       static_cast<int>(kind), test::end_faults().c_str());
          std::abort();
        }) {}
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      is_done_ = true;
    }
    done_.notify_one();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  bool is_done_ = false;
  std::thread thread_;
};

// Calls of the server that this thread makes can fail too while it lives.
class OwnCallsCount {
 public:
  OwnCallsCount() { test::count_this_thread(true); }
  ~OwnCallsCount() { test::count_this_thread(false); }
};

// A client whose connection the fault may end. That it is never answered, and never told so, is a
// failure.
class Peer {
 public:
  explicit Peer(Client client) : client_(std::move(client)) {}

  template <class Action>
  void try_to(Action action) {
    if (!client_) return;
    try {
      action(*client_);
    } catch (const std::exception& error) {
      EXPECT_EQ(std::string(error.what()).find("took too long"), std::string::npos);
      client_.reset();
    }
  }
  void send(std::string_view bytes) {
    try_to([&](Client& client) { client.send(bytes); });
  }
  void receive(int replies = 1) {
    try_to([&](Client& client) {
      for (int i = 0; i < replies; ++i) client.receive();
    });
  }
  void close() { client_.reset(); }
  void reset() {
    try_to([](Client& client) { client.reset(); });
    client_.reset();
  }

 private:
  std::optional<Client> client_;
};

class FaultTest : public ::testing::TestWithParam<FaultKind> {
 protected:
  FaultTest() { test::count_this_thread(false); }

  // False when the server could not be started, which it has said.
  bool start() {
    ServerOptions options;
    options.port = 0;
    // With four, Asio has no memory in store for the orders to all of them.
    options.threads = GetParam() == FaultKind::no_memory ? 4 : 2;
    options.on_problem = [](std::string_view) {};
    const OwnCallsCount count;
    try {
      server_ = std::make_unique<Server>(cache_, options);
      server_->start();
      return true;
    } catch (const std::system_error& error) {
      EXPECT_NE(error.code().value(), 0);
    } catch (const std::bad_alloc&) {
    }
    server_.reset();
    return false;
  }

  Peer dial(int receive_buffer_bytes = 0) {
    Client client = Client::unconnected(receive_buffer_bytes);
    client.connect({.port = server_->port()});
    return Peer(std::move(client));
  }

  void serve() {
    Peer polite = dial();
    polite.send(put("k", "v"));
    polite.receive();
    polite.send(get("/get?key=k") + get("/v1/memory") + get("/v1/stats"));
    polite.receive(3);

    Peer pipelining = dial();
    std::string batch;
    for (int i = 0; i < 30; ++i) batch += put("k" + std::to_string(i), std::string(2000, 'v'));
    pipelining.send(batch);
    pipelining.receive(30);

    Peer large = dial();
    const std::string request = put("large", std::string(kLarge, 'v'));
    large.send(request.substr(0, kLarge / 2));
    large.send(request.substr(kLarge / 2));
    large.receive();
    large.send(get("/get?key=large"));
    large.receive();

    Peer unread = dial(16 * 1024);
    unread.send(get("/get?key=large") + get("/get?key=large") + get("/get?key=k1"));
    unread.try_to([](Client& client) { EXPECT_TRUE(client.readable_within(kPatience)); });

    Peer refused = dial();
    refused.send("GET / HTTP/1.1\r\n\r\n");
    refused.receive();

    Peer half = dial();
    half.send(request.substr(0, 100'000));
    half.close();
    unread.reset();
  }

  // Not as long as a fault may still come: this must succeed.
  void expect_service() {
    test::pause_faults(true);
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(Client(server_->port()).exchange(get("/health")).status, 200);
    }
    EXPECT_TRUE(eventually([this] { return server_->connections() == 0; }));
    EXPECT_TRUE(eventually([this] { return server_->connection_bytes() == 0; }));
    test::pause_faults(false);
  }

  // With a request under way on each worker. Those that are idle too are closed by timers, for
  // which there is no time but when it was the start that had a fault.
  void stop(bool with_idle) {
    std::vector<Peer> idle;
    for (int i = 0; with_idle && i < 2; ++i) idle.push_back(dial());
    Peer first = dial();
    Peer second = dial();
    const std::string request = get("/health");
    for (Peer* peer : {&first, &second}) peer->send(request + request.substr(0, 10));
    for (Peer* peer : {&first, &second}) peer->receive();
    order_to_stop();
    for (Peer* peer : {&first, &second}) {
      peer->send(request.substr(10));
      peer->receive();
      peer->close();
    }
    server_->wait();
  }

  void order_to_stop() {
    const OwnCallsCount count;
    server_->stop(kStopTimeout);
  }

  // Returns what has failed; empty when there were fewer than n calls.
  std::string live_with_fault(std::size_t n) {
    const std::size_t before = test::open_descriptors(::getpid());
    test::set_fault(GetParam(), n);
    {
      const Watchdog watchdog("FaultTest", GetParam(), n);
      if (start()) {
        const bool had_fault = test::fault_has_come();
        serve();
        expect_service();
        stop(had_fault);
        const OwnCallsCount count;
        server_.reset();
      }
    }
    const std::string failed = test::end_faults();
    EXPECT_EQ(test::open_descriptors(::getpid()), before) << n << ": " << failed;
    EXPECT_EQ(cache_.check_invariants(), "") << n << ": " << failed;
    cache_.clear();
    while (cache_.maintain()) {
    }
    return failed;
  }

  Cache cache_{CacheOptions{}};
  std::unique_ptr<Server> server_;
};

TEST_P(FaultTest, EveryCallFailsOnceAndTheServerGoesOn) {
  std::size_t n = 0;
  std::string failed;
  do {
    failed = live_with_fault(++n);
  } while (!failed.empty() && !HasFailure());
  EXPECT_GT(n, 20U);
}

INSTANTIATE_TEST_SUITE_P(Kinds, FaultTest,
                         ::testing::Values(FaultKind::first_error, FaultKind::second_error,
                                           FaultKind::interrupted, FaultKind::no_memory));

}  // namespace
}  // namespace cubby::server
