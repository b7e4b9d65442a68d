// When each of a worker's connections is to be looked at again.

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <boost/intrusive/list.hpp>

namespace cubby::server {

// Time since the fixed point of a cubby::Clock.
using Time = std::chrono::milliseconds;

// What can have a deadline. When it is destroyed it has none any more.
class Timed : public boost::intrusive::list_base_hook<
                  boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  Time deadline() const noexcept { return deadline_; }

 private:
  friend class Deadlines;
  Time deadline_{0};
  std::int64_t slot_ = 0;  // where it is filed: never after its deadline
};

// A hashed timing wheel (Varghese and Lauck, 1987) whose entries move when they come up and not
// when their deadlines do: to put a deadline off, which happens with every request, costs a store.
//
// Thread safety: none.
class Deadlines {
 public:
  explicit Deadlines(Time now) noexcept : hand_(slot_of(now)) {}

  // Sets, or changes, when `what` comes up.
  void set(Timed& what, Time deadline) noexcept {
    what.deadline_ = deadline;
    if (!what.is_linked() || slot_of(deadline) < what.slot_) file(what);
  }

  // Calls `come_up` for everything whose deadline is not after `now`, which has none from then on
  // until it is set again. It may set, and destroy, whatever it likes. Goes through kMostAtOnce
  // entries at most, and returns whether there are more: then call it again soon.
  template <class ComeUp>
  bool expire(Time now, ComeUp come_up) {
    if (up_.empty()) turn_to(now);
    for (int left = kMostAtOnce; !up_.empty(); --left) {
      if (left == 0) return true;
      Timed& what = up_.front();
      up_.pop_front();
      if (what.deadline_ <= now) {
        come_up(what);
      } else {
        file(what);
      }
    }
    return false;
  }

  // Calls `visit` for everything that has a deadline. It may destroy what it is given, and must not
  // set any.
  template <class Visit>
  void for_each(Visit visit) {
    for (auto at = up_.begin(); at != up_.end();) visit(*at++);
    for (List& list : slots_) {
      for (auto at = list.begin(); at != list.end();) visit(*at++);
    }
  }

  static constexpr int kMostAtOnce = 256;

 private:
  using List = boost::intrusive::list<Timed, boost::intrusive::constant_time_size<false>>;

  static constexpr int kSlots = 128;
  static constexpr std::chrono::seconds kSlotTime{1};

  static std::int64_t slot_of(Time time) noexcept { return time / Time(kSlotTime); }
  List& slot(std::int64_t number) noexcept {
    return slots_[static_cast<std::size_t>(number % kSlots)];
  }

  void turn_to(Time now) noexcept;
  void file(Timed& what) noexcept;

  std::int64_t hand_;  // what is filed is in this slot, or in one of the next kSlots - 1
  std::array<List, kSlots> slots_;
  List up_;  // what was filed in the slots that the hand has passed
};

}  // namespace cubby::server
