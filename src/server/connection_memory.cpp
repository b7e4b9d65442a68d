#include "server/connection_memory.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace cubby::server {

// Invariants: promised_ and held_ are the sums of the sessions' promised_ and counted_, own_ is
// that of their own holdings, and kIdleConnectionBytes for each. A session in waiting_ has no
// promise and is not in holders_. What it has of its request so far is little, and it is nobody's
// fault that it stands still, so it does not count.

std::size_t ConnectionMemory::counted(std::size_t bytes) const noexcept {
  return std::min(bytes, most_bytes_ / 4);
}

void ConnectionMemory::closed(Session& session) noexcept {
  take_note(session, {});
  take_promise_back(session);
  change(0, kIdleConnectionBytes);
}

void ConnectionMemory::account(Session& session) noexcept {
  if (session.promised_ != 0 && session.bytes_ahead() == 0) take_promise_back(session);
  // So that it has its promise, if it gets one, before others look for somebody who lets go.
  lets_go_on(session);
  const Holdings holdings = session.holdings();
  if (holdings.sum() == 0 && session.accounted_.sum() == 0) return;
  take_note(session, holdings);
  if (holdings.sum() == 0) return;
  session.got_on_at_ = Clock::now();
  holders_.push_back(session);
  make_others_let_go(session);
}

bool ConnectionMemory::lets_go_on(Session& session) noexcept {
  if (session.promised_ != 0 || session.bytes_ahead() <= kFreelyTakenBytes) return true;
  const bool others_first = session.proven() ? !proven_.empty() : tight();
  if (others_first || !has_room_for(session)) return false;
  promise(session);
  return true;
}

bool ConnectionMemory::has_room_for(const Session& session) const noexcept {
  return promised_ + counted(session.bytes_ahead()) <= most_bytes_ / 4 * 3;
}

void ConnectionMemory::promise(Session& session) noexcept {
  session.promised_ = counted(session.bytes_ahead());
  promised_ += session.promised_;
}

void ConnectionMemory::take_promise_back(Session& session) noexcept {
  if (session.promised_ == 0) return;
  promised_ -= std::exchange(session.promised_, 0);
  resume_who_fits();
}

void ConnectionMemory::wait(std::unique_ptr<Session> session) {
  auto& line = session->proven() ? proven_ : new_;
  line.push_back(std::move(session));
  static_cast<HolderHook&>(*line.back()).unlink();
  held_ -= std::exchange(line.back()->counted_, 0);
}

void ConnectionMemory::resume_who_fits() noexcept {
  while (tight()) {
    const Session& next = !proven_.empty() ? *proven_.front()
                          : first_is_next_ ? *new_.front()
                                           : *new_.back();
    if (!has_room_for(next)) return;
    std::unique_ptr<Session> session = take_waiting();
    promise(*session);
    Session::resume(std::move(session));
  }
}

// The next of those that wait; there must be one.
std::unique_ptr<Session> ConnectionMemory::take_waiting() noexcept {
  std::unique_ptr<Session> session;
  if (!proven_.empty()) {
    session = std::move(proven_.front());
    proven_.pop_front();
  } else if (std::exchange(first_is_next_, !first_is_next_)) {
    session = std::move(new_.front());
    new_.pop_front();
  } else {
    session = std::move(new_.back());
    new_.pop_back();
  }
  return session;
}

void ConnectionMemory::refuse_standing(Clock::time_point now) noexcept {
  for (auto at = holders_.begin(); tight() && at != holders_.end();) {
    Session& session = *at++;
    if (session.got_on_at_ + kLongestFirstStandstill > now) return;
    const auto longest = session.proven() ? kLongestStandstill : kLongestFirstStandstill;
    if (session.promised_ != 0 && session.got_on_at_ + longest <= now) refuse(session);
  }
}

void ConnectionMemory::resume_all() noexcept {
  while (tight()) Session::resume(take_waiting());
}

// The session is not among the holders afterwards.
void ConnectionMemory::take_note(Session& session, const Holdings& holdings) noexcept {
  static_cast<HolderHook&>(session).unlink();
  const Holdings before = std::exchange(session.accounted_, holdings);
  held_ -= std::exchange(session.counted_, counted(holdings.sum()));
  held_ += session.counted_;
  bytes_.store(bytes() + holdings.staged - before.staged, std::memory_order_relaxed);
  change(holdings.own, before.own);
}

void ConnectionMemory::change(std::size_t more, std::size_t less) noexcept {
  own_ += more - less;
  bytes_.store(bytes() + more - less, std::memory_order_relaxed);
  reserve();
}

void ConnectionMemory::make_others_let_go(const Session& session) noexcept {
  while (held_ > most_bytes_ || !reserve()) {
    Session* const other = longest_still(session);
    if (other == nullptr) return;
    refuse(*other);
  }
}

// Who has a promise comes last: what is promised leaves room enough for the others.
Session* ConnectionMemory::longest_still(const Session& but) noexcept {
  Session* promised = nullptr;
  for (Session& session : holders_) {
    if (&session == &but) continue;
    if (session.promised_ == 0) return &session;
    if (promised == nullptr) promised = &session;
  }
  return promised;
}

void ConnectionMemory::refuse(Session& session) noexcept {
  session.shed();
  take_note(session, session.holdings());
  take_promise_back(session);
}

// Whole steps, and one more than is needed before any is given back.
bool ConnectionMemory::reserve() noexcept {
  const std::size_t least = (own_ + kReservationStep - 1) / kReservationStep * kReservationStep;
  const std::size_t now = reservation_.bytes();
  if (now >= least && now <= least + kReservationStep) return true;
  try {
    return reservation_.resize(least);
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace cubby::server
