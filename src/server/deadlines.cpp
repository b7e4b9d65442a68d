#include "server/deadlines.hpp"

#include <algorithm>

namespace cubby::server {

// What is due after the wheel's last slot comes up there, and is filed again.
void Deadlines::file(Timed& what) noexcept {
  what.unlink();
  what.slot_ = std::clamp(slot_of(what.deadline_), hand_, hand_ + kSlots - 1);
  slot(what.slot_).push_back(what);
}

}  // namespace cubby::server
