#include "server/connection_memory.hpp"

#include <algorithm>
#include <exception>

namespace cubby::server {

void ConnectionMemory::closed(Session& session) noexcept {
  take_note(session, {});
  change(0, kIdleConnectionBytes);
}

void ConnectionMemory::account(Session& session) noexcept {
  const Holdings holdings = session.holdings();
  if (holdings.sum() == 0 && session.accounted_.sum() == 0) return;
  take_note(session, holdings);
  if (holdings.sum() == 0) return;
  holders_.push_back(session);
  make_others_let_go(session);
}

// The session is in no list afterwards.
void ConnectionMemory::take_note(Session& session, const Holdings& holdings) noexcept {
  static_cast<HolderHook&>(session).unlink();
  const Holdings before = session.accounted_;
  session.accounted_ = holdings;
  held_ += holdings.sum() - before.sum();
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
    Session& longest_still = holders_.front();
    if (&longest_still == &session) return;
    longest_still.shed();
    take_note(longest_still, longest_still.holdings());
  }
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
