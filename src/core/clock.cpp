#include <cubby/clock.hpp>

namespace cubby {

namespace {

class SteadyClock final : public Clock {
 public:
  std::chrono::milliseconds now() const noexcept override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
  }
};

}  // namespace

const Clock& steady_clock() noexcept {
  static const SteadyClock kClock;
  return kClock;
}

}  // namespace cubby
