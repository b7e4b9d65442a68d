// Adding to a value.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <cubby/cache.hpp>

#include "protocol/conditions.hpp"
#include "protocol/context.hpp"
#include "protocol/entity_tag.hpp"
#include "protocol/error.hpp"

namespace cubby::protocol {

struct Joined {
  Error error = Error::none;
  std::size_t size = 0;
  EntityTag tag = {};
};

enum class End : std::uint8_t { front, back };

// Adds `bytes` to an end of the entry's value, in one step. Errors: key_not_found, value_encoded,
// precondition_failed, value_too_large, value_does_not_fit, no_room.
Joined join_to_entry(const Context& context, const PreparedKey& key, const Conditions& conditions,
                     End end, std::string_view bytes);

}  // namespace cubby::protocol
