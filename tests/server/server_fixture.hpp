// A server on a port of its own, and clients for it.

#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <cubby/cache.hpp>

#include "server/server.hpp"
#include "support/client.hpp"
#include "support/manual_clock.hpp"

namespace cubby::server {

using test::Client;
using test::get;
using test::kPatience;
using test::put;
using test::says_close;

// True as soon as the condition holds; false when it does not within kPatience.
template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    options_.port = 0;
    options_.on_problem = [this](std::string_view message) {
      const std::lock_guard lock(problems_mutex_);
      problems_.emplace_back(message);
    };
  }

  // Binds only; connections wait in the backlog until start().
  Server& bind(std::size_t threads = 1) {
    options_.threads = threads;
    server_ = std::make_unique<Server>(cache_, options_);
    return *server_;
  }

  Server& serve(std::size_t threads = 1) {
    bind(threads).start();
    return *server_;
  }

  // Serves a cache of the test's own, as long as what this returns lives.
  auto serve(Cache& cache) {
    server_ = std::make_unique<Server>(cache, options_);
    server_->start();
    const auto end = [this](const void*) { server_.reset(); };
    return std::unique_ptr<const Cache, decltype(end)>(&cache, end);
  }

  Client dial() { return Client(server_->port()); }

  // Returns once the server has begun to stop: it does not listen any more.
  bool stops_listening() {
    return eventually([this] {
      try {
        dial();
        return false;
      } catch (const std::system_error&) {
        return true;
      }
    });
  }

  std::vector<std::string> problems() {
    const std::lock_guard lock(problems_mutex_);
    return problems_;
  }

  void store(std::string_view key, std::size_t value_bytes) {
    ASSERT_NE(cache_.put(key, std::string(value_bytes, 'v')), PutOutcome::too_large);
  }

  Cache cache_{CacheOptions{}};
  test::ManualClock clock_;  // for servers that are told to use it
  ServerOptions options_;
  std::mutex problems_mutex_;
  std::vector<std::string> problems_;
  std::unique_ptr<Server> server_;
};

}  // namespace cubby::server
