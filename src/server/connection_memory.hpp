// What a worker's connections take of the cache's budget, and who must give way when it is too
// much.

#pragma once

#include <atomic>
#include <cstddef>

#include <boost/intrusive/list.hpp>

#include <cubby/cache.hpp>

#include "server/session.hpp"

namespace cubby::server {

// What an open connection takes that holds nothing: its session and what Asio keeps for it, as
// measured.
inline constexpr std::size_t kIdleConnectionBytes = 768;

// The budget is asked in steps of this, so that it is left alone while requests come and go.
inline constexpr std::size_t kReservationStep = std::size_t{256} << 10;

// Sums up what sessions hold and reserves it in the cache. When all together hold more than they
// may, those have to let go that have neither sent nor taken anything for longest: a client that
// gets on with its request stays, one that has stopped in the middle goes. One session alone may
// hold as much as the cache can spare, or large values could not be stored.
//
// Thread safety: bytes() may be called from any thread; everything else belongs to the worker's.
class ConnectionMemory {
 public:
  // `most_bytes` is what all sessions may hold.
  ConnectionMemory(Cache& cache, std::size_t most_bytes) noexcept
      : reservation_(cache), most_bytes_(most_bytes) {}

  void opened() noexcept { change(kIdleConnectionBytes, 0); }
  void closed(Session& session) noexcept;

  // The session has done something: takes note of what it holds now, and makes others let go when
  // that is too much.
  void account(Session& session) noexcept;

  // What all connections take.
  std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

 private:
  using Holders = boost::intrusive::list<Session, boost::intrusive::base_hook<HolderHook>,
                                         boost::intrusive::constant_time_size<false>>;

  void take_note(Session& session, const Holdings& holdings) noexcept;
  void change(std::size_t more, std::size_t less) noexcept;
  void make_others_let_go(const Session& session) noexcept;
  bool reserve() noexcept;

  Cache::Reservation reservation_;
  const std::size_t most_bytes_;
  std::size_t held_ = 0;  // by sessions, staged bytes too
  std::size_t own_ = 0;   // of connections, without staged bytes: what is to be reserved
  std::atomic<std::size_t> bytes_{0};
  Holders holders_;  // sessions that hold something, those first that got on longest ago
};

}  // namespace cubby::server
