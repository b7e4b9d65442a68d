#include "server/connection_memory.hpp"

#include <algorithm>
#include <utility>

namespace cubby::server {
namespace {

// Of most_bytes_, the largest part that one user counts with, and the part that may be promised.
constexpr std::size_t kLargestPart = 4;  // a quarter
constexpr std::size_t promised_part(std::size_t most_bytes) { return most_bytes / 4 * 3; }

void resume(std::unique_ptr<MemoryUser> user) noexcept {
  MemoryUser& waiting = *user;
  waiting.resume(std::move(user));
}

}  // namespace

// Invariants: promised_ and held_ are the sums of the users' promised_ and counted_, own_ is
// that of their own holdings, and kIdleConnectionBytes for each. A user is in bodies_ if, and
// only if, it has a promise; one that waits is in neither list. What that has of its request so far
// is little (at most one read when the first had to wait, and kReadBytesWhenTight after), and it is
// nobody's fault that it stands still, so it does not count.

std::size_t ConnectionMemory::capped(std::size_t bytes) const noexcept {
  return std::min(bytes, most_bytes_ / kLargestPart);
}

void ConnectionMemory::closed(MemoryUser& user) noexcept {
  static_cast<MemoryHook&>(user).unlink();
  count(user, {});
  take_promise_back(user);
  change(0, kIdleConnectionBytes);
}

void ConnectionMemory::account(MemoryUser& user) noexcept {
  // A promise is for one body, to its end.
  const std::optional<std::size_t> ahead = user.body_bytes_ahead();
  const bool is_next_body = ahead.value_or(0) > user.ahead_;
  user.ahead_ = ahead.value_or(0);
  if (user.promised_ != 0 && (ahead == 0U || is_next_body)) take_promise_back(user);
  const Holdings holdings = user.holdings();
  if (!holdings.any() && !user.accounted_.any()) return;
  count(user, holdings);
  // So that it has its promise, if it gets one, before others are looked for that let go.
  may_read(user);
  if (user.promised_ == 0) {
    static_cast<MemoryHook&>(user).unlink();
    if (holdings.any()) holders_.push_back(user);
    user.window_begin_ = clock_.now();
  }
  if (holdings.any()) make_others_let_go(&user);
}

// How much of a promise a user needs to be read from; 0 when it can do without.
std::size_t ConnectionMemory::needed_promise(const MemoryUser& user) const noexcept {
  const std::optional<std::size_t> ahead = user.body_bytes_ahead();
  if (!ahead) return user.holdings().sum() > kFreelyTakenBytes ? most_bytes_ / kLargestPart : 0;
  return *ahead > kFreelyTakenBytes ? capped(*ahead) : 0;
}

bool ConnectionMemory::may_read(MemoryUser& user) noexcept {
  if (user.promised_ != 0 || needed_promise(user) == 0) return true;
  const bool others_first = user.trusted() ? !trusted_.empty() : tight();
  if (others_first || !has_room_for(user)) return false;
  promise(user);
  return true;
}

bool ConnectionMemory::has_room_for(const MemoryUser& user) const noexcept {
  return promised_ + needed_promise(user) <= promised_part(most_bytes_);
}

void ConnectionMemory::promise(MemoryUser& user) noexcept {
  user.promised_ = needed_promise(user);
  promised_ += user.promised_;
  user.window_begin_ = clock_.now();
  user.arrived_before_ = user.arrived_bytes();
  static_cast<MemoryHook&>(user).unlink();
  bodies_.push_back(user);
}

void ConnectionMemory::take_promise_back(MemoryUser& user) noexcept {
  if (user.promised_ == 0) return;
  promised_ -= std::exchange(user.promised_, 0);
  static_cast<MemoryHook&>(user).unlink();
  resume_who_fits();
}

void ConnectionMemory::wait(std::unique_ptr<MemoryUser> user) {
  Line& line = user->trusted() ? trusted_ : untrusted_;
  line.push_back(std::move(user));
  static_cast<MemoryHook&>(*line.back()).unlink();
  held_ -= std::exchange(line.back()->counted_, 0);
  // Its own accounting may have made others let go since it was told to wait; nobody else tells it.
  resume_who_fits();
}

void ConnectionMemory::resume_who_fits() noexcept {
  while (tight()) {
    const MemoryUser& next = !trusted_.empty() ? *trusted_.front()
                             : first_is_next_  ? *untrusted_.front()
                                               : *untrusted_.back();
    if (!has_room_for(next)) return;
    std::unique_ptr<MemoryUser> user = take_next_waiting();
    promise(*user);
    resume(std::move(user));
  }
}

// There must be one.
std::unique_ptr<MemoryUser> ConnectionMemory::take_next_waiting() noexcept {
  std::unique_ptr<MemoryUser> user;
  if (!trusted_.empty()) {
    user = std::move(trusted_.front());
    trusted_.pop_front();
  } else if (std::exchange(first_is_next_, !first_is_next_)) {
    user = std::move(untrusted_.front());
    untrusted_.pop_front();
  } else {
    user = std::move(untrusted_.back());
    untrusted_.pop_back();
  }
  return user;
}

void ConnectionMemory::stop_waiting(MemoryUser& user) noexcept {
  for (Line* line : {&trusted_, &untrusted_}) {
    const auto at = std::find_if(line->begin(), line->end(),
                                 [&](const auto& waiting) { return waiting.get() == &user; });
    if (at == line->end()) continue;
    std::unique_ptr<MemoryUser> found = std::move(*at);
    line->erase(at);
    return resume(std::move(found));
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
    MemoryUser& user = *at++;
    const auto window = user.trusted() ? kTrustedRateWindow : kFirstRateWindow;
    if (now - user.window_begin_ < window) continue;
    const std::size_t least = kLeastBodyRate * static_cast<std::size_t>(window.count()) / 1000;
    if (user.arrived_bytes() - user.arrived_before_ < least) {
      refuse(user);
    } else {
      user.window_begin_ = now;
      user.arrived_before_ = user.arrived_bytes();
    }
  }
}

// A value counts for its reader from when its entry goes, which nobody tells.
void ConnectionMemory::recount_readers(Time now) noexcept {
  for (auto at = holders_.begin(); at != holders_.end();) {
    MemoryUser& user = *at++;
    if (!user.accounted_.has_large_reply) continue;
    count(user, user.holdings());
    const bool stands = now - user.window_begin_ >= kTrustedRateWindow;
    if (in_shortage_ && stands && user.accounted_.staged != 0) refuse(user);
  }
  make_others_let_go(nullptr);
}

void ConnectionMemory::resume_all() noexcept {
  while (tight()) resume(take_next_waiting());
}

void ConnectionMemory::count(MemoryUser& user, const Holdings& holdings) noexcept {
  const Holdings before = std::exchange(user.accounted_, holdings);
  held_ -= std::exchange(user.counted_, capped(holdings.sum()));
  held_ += user.counted_;
  bytes_.store(bytes() + holdings.staged - before.staged, std::memory_order_relaxed);
  change(holdings.own, before.own);
}

void ConnectionMemory::change(std::size_t more, std::size_t less) noexcept {
  own_ += more - less;
  bytes_.store(bytes() + more - less, std::memory_order_relaxed);
  reserve();
}

// What is promised leaves room enough for the others, so those with a promise come last.
void ConnectionMemory::make_others_let_go(const MemoryUser* but) noexcept {
  const auto first_other = [but](Users& users) -> MemoryUser* {
    const auto other = std::find_if(users.begin(), users.end(),
                                    [but](const MemoryUser& user) { return &user != but; });
    return other == users.end() ? nullptr : &*other;
  };
  while (held_ > most_bytes_ || !reserve()) {
    MemoryUser* other = first_other(holders_);
    if (other == nullptr) other = first_other(bodies_);
    if (other == nullptr) return;
    refuse(*other);
  }
}

void ConnectionMemory::refuse(MemoryUser& user) noexcept {
  static_cast<MemoryHook&>(user).unlink();
  user.let_go();
  count(user, user.holdings());
  take_promise_back(user);
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
