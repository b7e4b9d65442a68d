// The part of a reply that is not worth copying.

#pragma once

#include <cstddef>
#include <string_view>

#include <cubby/value.hpp>

namespace cubby::protocol {

// A pinned value from `begin` on, and what follows it in the reply. It comes after the reply's
// other bytes, is the last of a batch, and is to be sent as it is, or escaped as append_escaped()
// does it.
struct LargeBody {
  PinnedValue value;
  std::size_t begin = 0;
  bool escape = false;
  std::string_view trailer;  // outlives everything
};

}  // namespace cubby::protocol
