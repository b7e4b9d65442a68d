// A clock that stands still until a test moves it.

#pragma once

#include <atomic>
#include <chrono>

#include <cubby/clock.hpp>

namespace cubby::test {

class ManualClock final : public Clock {
 public:
  std::chrono::milliseconds now() const noexcept override {
    return std::chrono::milliseconds(now_ms_.load(std::memory_order_relaxed));
  }

  void advance(std::chrono::milliseconds by) {
    now_ms_.fetch_add(by.count(), std::memory_order_relaxed);
  }

 private:
  std::atomic<std::chrono::milliseconds::rep> now_ms_{1'000'000};
};

}  // namespace cubby::test
