#include "server/deadlines.hpp"

#include <algorithm>

namespace cubby::server {

void Deadlines::turn_to(Time now) noexcept {
  for (int turned = 0; turned < kSlots && hand_ <= slot_of(now); ++turned, ++hand_) {
    up_.splice(up_.end(), slot(hand_));
  }
  // What is filed again in the last of them comes up later in its time.
  hand_ = slot_of(now);
}

// What is due after the wheel's last slot comes up there, and is filed again.
void Deadlines::file(Timed& what) noexcept {
  what.unlink();
  what.slot_ = std::clamp(slot_of(what.deadline_), hand_, hand_ + kSlots - 1);
  slot(what.slot_).push_back(what);
}

}  // namespace cubby::server
