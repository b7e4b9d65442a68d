// What a worker's connections take of the cache's budget, and who must give way when it is too
// much.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include <boost/intrusive/list.hpp>

#include <cubby/cache.hpp>

#include "server/deadlines.hpp"

namespace cubby::server {

// What an open connection takes that holds nothing: its session, as measured.
inline constexpr std::size_t kIdleConnectionBytes = 768;

// The budget is asked in steps of this, so that it is left alone while requests come and go.
inline constexpr std::size_t kReservationStep = std::size_t{256} << 10;

// A body of which no more is to come than this is always taken; and of one that does not say how
// long it is, so much.
inline constexpr std::size_t kFreelyTakenBytes = std::size_t{16} << 10;

// What is read at once from a connection that has been promised no memory, while others wait for
// some: enough for small requests, and little to keep of large ones.
inline constexpr std::size_t kReadBytesWhenTight = std::size_t{4} << 10;

// While others wait for memory, a body that has some must arrive at no less than this rate, in
// bytes a second, looked at over this time: for the first request on a connection, and for a
// trusted one.
inline constexpr std::size_t kLeastBodyRate = std::size_t{32} << 10;
inline constexpr std::chrono::milliseconds kFirstRateWindow{250};
inline constexpr std::chrono::milliseconds kTrustedRateWindow{1000};
// How often that is looked at.
inline constexpr std::chrono::milliseconds kTightTick{25};
// When the cache had no room for something, memory counts as waited for, by whoever may try again,
// for this time.
inline constexpr std::chrono::seconds kShortageTime{3};

// Memory that a connection takes for a request that has not arrived whole, and for replies that are
// not sent, in bytes.
struct Holdings {
  std::size_t own = 0;
  std::size_t staged = 0;        // in the cache, which charges it already
  bool has_large_reply = false;  // which may become its own when the entry goes

  std::size_t sum() const noexcept { return own + staged; }
  bool any() const noexcept { return sum() != 0 || has_large_reply; }
};

using MemoryHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<class MemoryTag>,
                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

// A connection, as far as memory goes.
class MemoryUser : public MemoryHook {
 public:
  virtual ~MemoryUser() = default;

  // What it holds beyond being open.
  virtual Holdings holdings() const noexcept = 0;

  // As protocol::Connection::body_bytes_ahead().
  virtual std::optional<std::size_t> body_bytes_ahead() const noexcept = 0;

  // All that it has read.
  virtual std::uint64_t arrived_bytes() const noexcept = 0;

  // A request on it has succeeded.
  virtual bool trusted() const noexcept = 0;

  // Gives up what it holds, and the request that it is for, because others need the memory.
  virtual void let_go() noexcept = 0;

  // Goes on after it has waited. It is given itself.
  virtual void resume(std::unique_ptr<MemoryUser> self) noexcept = 0;

 protected:
  // Memory is set aside for the rest of its body.
  bool has_promise() const noexcept { return promised_ != 0; }

 private:
  friend class ConnectionMemory;

  Holdings accounted_;
  std::size_t counted_ = 0;   // of the holdings, for the limit
  std::size_t promised_ = 0;  // for the rest of a body
  std::size_t ahead_ = 0;     // of a body, when it was accounted for last
  // While it has a promise: since when its rate is looked at, and what had arrived then. Otherwise
  // the former is when it last did something.
  Time window_begin_{0};
  std::uint64_t arrived_before_ = 0;
};

// Two bounds keep many clients from taking all memory at once, whether they mean to or not:
//
// Before more of a body is read than kFreelyTakenBytes, the rest of it is promised to its user.
// What is promised to all together is limited; who gets no promise now is not read from until there
// is room. So those that have begun can finish. Whose body does not arrive fast enough meanwhile is
// refused.
//
// A connection is trusted once a request on it has succeeded: it need not queue with a crowd of new
// ones that may never finish, and is looked at over a longer time. Among the others the latest is
// next, since a client that has just sent something is likely there to send the rest, or the first,
// so that no one waits for ever, in turn.
//
// And when users really hold more than they may, replies that are not read included, those let
// go that have got on longest ago, of those without a promise first.
//
// When the cache has no room for something that is not in its entries, those are refused too, on
// every worker, whose bodies arrive too slowly or who do not read values that are no entry's any
// more.
//
// What one user holds, or is promised, counts with at most a quarter of the limit: one may hold
// as much as the cache can spare, or large values could not be stored, and must not be in the way
// of all others.
//
// Thread safety: bytes() may be called from any thread; everything else belongs to the worker's.
class ConnectionMemory {
 public:
  // `most_bytes` is what all users may hold.
  ConnectionMemory(Cache& cache, const Clock& clock, std::size_t most_bytes)
      : cache_(cache), clock_(clock), reservation_(cache), most_bytes_(most_bytes) {}

  void opened() noexcept { change(kIdleConnectionBytes, 0); }
  void closed(MemoryUser& user) noexcept;

  // The user has done something: takes note of what it holds now, and makes others let go when
  // that is too much.
  void account(MemoryUser& user) noexcept;

  // Whether the user may be read from: it needs no promise, or has one, or gets one now. If not,
  // it must wait().
  bool may_read(MemoryUser& user) noexcept;

  // Keeps a user until there is room for its request; then it is resumed. Throws
  // std::bad_alloc.
  void wait(std::unique_ptr<MemoryUser> user);

  // Resumes a user that waits, to be refused.
  void stop_waiting(MemoryUser& user) noexcept;

  // Somebody waits.
  bool tight() const noexcept { return !trusted_.empty() || !untrusted_.empty(); }

  // Has those let go who are too slow for memory that others wait for. To be called once a second,
  // and every kTightTick while wanted().
  void look_after(Time now) noexcept;
  bool wanted() const noexcept { return tight() || in_shortage_; }

  // Resumes all that wait, because their connections are closed.
  void resume_all() noexcept;

  // What all connections take.
  std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

 private:
  using Users = boost::intrusive::list<MemoryUser, boost::intrusive::base_hook<MemoryHook>,
                                       boost::intrusive::constant_time_size<false>>;
  using Line = std::deque<std::unique_ptr<MemoryUser>>;

  std::size_t capped(std::size_t bytes) const noexcept;
  std::size_t needed_promise(const MemoryUser& user) const noexcept;
  bool has_room_for(const MemoryUser& user) const noexcept;
  void promise(MemoryUser& user) noexcept;
  void take_promise_back(MemoryUser& user) noexcept;
  void refuse_slow_bodies(Time now) noexcept;
  void recount_readers(Time now) noexcept;
  void resume_who_fits() noexcept;
  std::unique_ptr<MemoryUser> take_next_waiting() noexcept;
  void count(MemoryUser& user, const Holdings& holdings) noexcept;
  void change(std::size_t more, std::size_t less) noexcept;
  void make_others_let_go(const MemoryUser* but) noexcept;
  void refuse(MemoryUser& user) noexcept;
  bool reserve() noexcept;

  Cache& cache_;
  const Clock& clock_;
  Cache::Reservation reservation_;
  const std::size_t most_bytes_;
  std::size_t promised_ = 0;  // for bodies that are on their way
  std::size_t held_ = 0;      // by users that do not wait, staged bytes too
  std::size_t own_ = 0;       // of connections, without staged bytes: what is to be reserved
  std::atomic<std::size_t> bytes_{0};
  Users bodies_;   // those with a promise
  Users holders_;  // others that hold something and do not wait, who got on longest ago first
  // Who wait, in the order of their coming.
  Line trusted_;
  Line untrusted_;
  bool first_is_next_ = false;  // of untrusted_
  // Of the whole cache, not only of this worker's users.
  std::uint64_t shortages_ = 0;
  bool in_shortage_ = false;
  Time shortage_end_{0};
};

}  // namespace cubby::server
