#include "server/connection_memory.hpp"

#include <algorithm>
#include <utility>

namespace cubby::server {
namespace {

// Of most_bytes_, the largest part that one session counts with, and the part that may be promised.
constexpr std::size_t kLargestPart = 4;  // a quarter
constexpr std::size_t promised_part(std::size_t most_bytes) { return most_bytes / 4 * 3; }

}  // namespace

// Invariants: promised_ and held_ are the sums of the sessions' promised_ and counted_, own_ is
// that of their own holdings, and kIdleConnectionBytes for each. A session is in bodies_ if, and
// only if, it has a promise; one that waits is in neither list. What that has of its request so far
// is little (at most one read when the first had to wait, and kReadBytesWhenTight after), and it is
// nobody's fault that it stands still, so it does not count.

std::size_t ConnectionMemory::capped(std::size_t bytes) const noexcept {
  return std::min(bytes, most_bytes_ / kLargestPart);
}

void ConnectionMemory::closed(Session& session) noexcept {
  static_cast<HolderHook&>(session).unlink();
  count(session, {});
  take_promise_back(session);
  change(0, kIdleConnectionBytes);
}

void ConnectionMemory::account(Session& session) noexcept {
  // A promise is for one body, to its end.
  const std::optional<std::size_t> ahead = session.body_bytes_ahead();
  const bool is_next_body = ahead.value_or(0) > session.ahead_;
  session.ahead_ = ahead.value_or(0);
  if (session.promised_ != 0 && (ahead == 0U || is_next_body)) take_promise_back(session);
  const Holdings holdings = session.holdings();
  if (!holdings.any() && !session.accounted_.any()) return;
  count(session, holdings);
  // So that it has its promise, if it gets one, before others are looked for that let go.
  may_read(session);
  if (session.promised_ == 0) {
    static_cast<HolderHook&>(session).unlink();
    if (holdings.any()) holders_.push_back(session);
    session.window_begin_ = clock_.now();
  }
  if (holdings.any()) make_others_let_go(&session);
}

// How much of a promise the session needs to be read from; 0 when it can do without.
std::size_t ConnectionMemory::needed_promise(const Session& session) const noexcept {
  const std::optional<std::size_t> ahead = session.body_bytes_ahead();
  if (!ahead) return session.holdings().sum() > kFreelyTakenBytes ? most_bytes_ / kLargestPart : 0;
  return *ahead > kFreelyTakenBytes ? capped(*ahead) : 0;
}

bool ConnectionMemory::may_read(Session& session) noexcept {
  if (session.promised_ != 0 || needed_promise(session) == 0) return true;
  const bool others_first = session.trusted() ? !trusted_.empty() : tight();
  if (others_first || !has_room_for(session)) return false;
  promise(session);
  return true;
}

bool ConnectionMemory::has_room_for(const Session& session) const noexcept {
  return promised_ + needed_promise(session) <= promised_part(most_bytes_);
}

void ConnectionMemory::promise(Session& session) noexcept {
  session.promised_ = needed_promise(session);
  promised_ += session.promised_;
  session.window_begin_ = clock_.now();
  session.arrived_before_ = session.arrived_;
  static_cast<HolderHook&>(session).unlink();
  bodies_.push_back(session);
}

void ConnectionMemory::take_promise_back(Session& session) noexcept {
  if (session.promised_ == 0) return;
  promised_ -= std::exchange(session.promised_, 0);
  static_cast<HolderHook&>(session).unlink();
  resume_who_fits();
}

void ConnectionMemory::wait(std::unique_ptr<Session> session) {
  Line& line = session->trusted() ? trusted_ : untrusted_;
  line.push_back(std::move(session));
  static_cast<HolderHook&>(*line.back()).unlink();
  held_ -= std::exchange(line.back()->counted_, 0);
  // Its own accounting may have made others let go since it was told to wait; nobody else tells it.
  resume_who_fits();
}

void ConnectionMemory::resume_who_fits() noexcept {
  while (tight()) {
    const Session& next = !trusted_.empty() ? *trusted_.front()
                          : first_is_next_  ? *untrusted_.front()
                                            : *untrusted_.back();
    if (!has_room_for(next)) return;
    std::unique_ptr<Session> session = take_next_waiting();
    promise(*session);
    Session::resume(std::move(session));
  }
}

// There must be one.
std::unique_ptr<Session> ConnectionMemory::take_next_waiting() noexcept {
  std::unique_ptr<Session> session;
  if (!trusted_.empty()) {
    session = std::move(trusted_.front());
    trusted_.pop_front();
  } else if (std::exchange(first_is_next_, !first_is_next_)) {
    session = std::move(untrusted_.front());
    untrusted_.pop_front();
  } else {
    session = std::move(untrusted_.back());
    untrusted_.pop_back();
  }
  return session;
}

void ConnectionMemory::stop_waiting(Session& session) noexcept {
  for (Line* line : {&trusted_, &untrusted_}) {
    const auto at = std::find_if(line->begin(), line->end(),
                                 [&](const auto& waiting) { return waiting.get() == &session; });
    if (at == line->end()) continue;
    std::unique_ptr<Session> found = std::move(*at);
    line->erase(at);
    return Session::resume(std::move(found));
  }
}

void ConnectionMemory::look_after(Time now) noexcept {
  const std::uint64_t shortages = cache_.shortages();
  if (std::exchange(shortages_, shortages) != shortages) shortage_end_ = now + kShortageTime;
  in_shortage_ = now < shortage_end_;
  recount_readers(now);
  refuse_slow_bodies(now);
}

void ConnectionMemory::refuse_slow_bodies(Time now) noexcept {
  for (auto at = bodies_.begin(); wanted() && at != bodies_.end();) {
    Session& session = *at++;
    const auto window = session.trusted() ? kTrustedRateWindow : kFirstRateWindow;
    if (now - session.window_begin_ < window) continue;
    const std::size_t least = kLeastBodyRate * static_cast<std::size_t>(window.count()) / 1000;
    if (session.arrived_ - session.arrived_before_ < least) {
      refuse(session);
    } else {
      session.window_begin_ = now;
      session.arrived_before_ = session.arrived_;
    }
  }
}

// A value counts for its reader from when its entry goes, which nobody tells.
void ConnectionMemory::recount_readers(Time now) noexcept {
  for (auto at = holders_.begin(); at != holders_.end();) {
    Session& session = *at++;
    if (!session.accounted_.has_large_reply) continue;
    count(session, session.holdings());
    const bool stands = now - session.window_begin_ >= kTrustedRateWindow;
    if (in_shortage_ && stands && session.accounted_.staged != 0) refuse(session);
  }
  make_others_let_go(nullptr);
}

void ConnectionMemory::resume_all() noexcept {
  while (tight()) Session::resume(take_next_waiting());
}

void ConnectionMemory::count(Session& session, const Holdings& holdings) noexcept {
  const Holdings before = std::exchange(session.accounted_, holdings);
  held_ -= std::exchange(session.counted_, capped(holdings.sum()));
  held_ += session.counted_;
  bytes_.store(bytes() + holdings.staged - before.staged, std::memory_order_relaxed);
  change(holdings.own, before.own);
}

void ConnectionMemory::change(std::size_t more, std::size_t less) noexcept {
  own_ += more - less;
  bytes_.store(bytes() + more - less, std::memory_order_relaxed);
  reserve();
}

// What is promised leaves room enough for the others, so those with a promise come last.
void ConnectionMemory::make_others_let_go(const Session* but) noexcept {
  const auto first_other = [but](Sessions& sessions) -> Session* {
    const auto other = std::find_if(sessions.begin(), sessions.end(),
                                    [but](const Session& session) { return &session != but; });
    return other == sessions.end() ? nullptr : &*other;
  };
  while (held_ > most_bytes_ || !reserve()) {
    Session* other = first_other(holders_);
    if (other == nullptr) other = first_other(bodies_);
    if (other == nullptr) return;
    refuse(*other);
  }
}

void ConnectionMemory::refuse(Session& session) noexcept {
  static_cast<HolderHook&>(session).unlink();
  session.shed(protocol::Error::no_room);
  count(session, session.holdings());
  take_promise_back(session);
}

// Whole steps, and one more than is needed before any is given back.
bool ConnectionMemory::reserve() noexcept {
  const std::size_t least = (own_ + kReservationStep - 1) / kReservationStep * kReservationStep;
  const std::size_t now = reservation_.bytes();
  if (now >= least && now <= least + kReservationStep) return true;
  try {
    return reservation_.resize(least);
  } catch (...) {
    return false;
  }
}

}  // namespace cubby::server
