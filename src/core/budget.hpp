// The one budget of a cache, in bytes, shared by all its shards.

#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace cubby {

// Thread safety: all member functions may be called from any thread.
class Budget {
 public:
  explicit Budget(std::size_t limit_bytes) noexcept : limit_(limit_bytes) {}

  std::size_t limit() const noexcept { return limit_; }
  std::size_t charged() const noexcept { return charged_.load(std::memory_order_relaxed); }
  bool exceeded() const noexcept { return charged() > limit_; }

  // Charges `bytes` if that keeps to the limit. Never fails while there is room, whatever other
  // threads do: a charge that is taken back again would make them evict for nothing.
  [[nodiscard]] bool try_charge(std::size_t bytes) noexcept {
    std::size_t charged = charged_.load(std::memory_order_relaxed);
    do {
      if (bytes > limit_ || charged > limit_ - bytes) return false;
    } while (!charged_.compare_exchange_weak(charged, charged + bytes, std::memory_order_relaxed));
    return true;
  }

  // Charges what has to be had even over the limit; the caller then sees to it that the cache
  // evicts.
  void charge(std::size_t bytes) noexcept { charged_.fetch_add(bytes, std::memory_order_relaxed); }
  void refund(std::size_t bytes) noexcept { charged_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  const std::size_t limit_;
  alignas(64) std::atomic<std::size_t> charged_{0};
};

// Part of the budget that is charged already and not used for anything yet; what is left is
// refunded in the end.
class Credit {
 public:
  explicit Credit(Budget& budget) noexcept : budget_(budget) {}
  ~Credit() { release(); }

  Credit(const Credit&) = delete;
  Credit& operator=(const Credit&) = delete;

  // Raises the credit to `bytes`, if the budget has them.
  [[nodiscard]] bool raise_to(std::size_t bytes) noexcept {
    if (bytes <= bytes_) return true;
    if (!budget_.try_charge(bytes - bytes_)) return false;
    bytes_ = bytes;
    return true;
  }

  // Gives up what there is.
  void release() noexcept {
    if (bytes_ != 0) budget_.refund(std::exchange(bytes_, 0));
  }

  // Gives up what there is, and then has `bytes` if the budget has them. Whoever has to wait for
  // room waits with this, and so holds nothing that another may be waiting for.
  [[nodiscard]] bool exchange_for(std::size_t bytes) noexcept {
    release();
    return raise_to(bytes);
  }

  // Turns `bytes` of it, which it must have, into a charge for good.
  void spend(std::size_t bytes) noexcept { bytes_ -= bytes; }

 private:
  Budget& budget_;
  std::size_t bytes_ = 0;
};

}  // namespace cubby
