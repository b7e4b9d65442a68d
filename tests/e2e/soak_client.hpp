// A client that behaves, and knows what it must be told.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "support/client.hpp"

namespace cubby::test {

// Puts and gets its own keys, pipelined, on one connection after another, and checks every answer:
// a value is the one that was put last, or is not there any more, and is not there after its time.
//
// Thread safety: none, but for the counts.
class SoakClient {
 public:
  // Clients of different ids have different keys. Every fourth has large values too.
  SoakClient(const Address& address, unsigned id);

  // One connection, until it has had enough requests, the server has said that it closes it, or
  // `stop`. Throws std::runtime_error when an answer is wrong, or there is none.
  void talk(const std::atomic<bool>& stop);

  std::uint64_t answered() const noexcept { return answered_; }
  // Of those, the ones that were refused with 503, and should be tried again.
  std::uint64_t refused() const noexcept { return refused_; }

 private:
  using Clock = std::chrono::steady_clock;

  // What is known of a key.
  struct Entry {
    std::uint32_t version = 0;  // the latest that was stored; 0 for none
    std::optional<Clock::time_point> gone_by;
  };

  struct Request {
    std::size_t key = 0;
    std::uint32_t version = 0;  // to be put; 0 for a get
    std::chrono::milliseconds ttl{0};
  };

  Request choose_request();
  bool is_large(std::size_t key) const noexcept;
  std::string name(std::size_t key) const;
  std::string value(std::size_t key, std::uint32_t version) const;
  std::string text(const Request& request) const;
  void check(const Request& request, const ReceivedReply& reply, Clock::time_point sent);
  void check_get(std::size_t key, const ReceivedReply& reply, Clock::time_point sent) const;

  const Address address_;
  const unsigned id_;
  std::mt19937 random_;
  std::vector<Entry> entries_;
  std::uint32_t last_version_ = 0;
  std::atomic<std::uint64_t> answered_{0};
  std::atomic<std::uint64_t> refused_{0};
};

}  // namespace cubby::test
