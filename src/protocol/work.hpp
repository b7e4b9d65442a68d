// What takes too long for one turn.

#pragma once

#include <cstddef>

#include "protocol/error.hpp"
#include "protocol/reply.hpp"

namespace cubby::protocol {

// An operation that is done a piece at a time, so that other connections get their turns.
class Work {
 public:
  virtual ~Work() = default;

  // Does a bounded piece of it. Returns whether there is more to do.
  virtual bool go_on() = 0;

  // There will be no more turns, for this reason. True when reply() says what has been done all the
  // same; otherwise the request is refused.
  virtual bool give_up(Error) { return false; }

  // All is done, or given up: writes the reply.
  virtual void reply(Reply& reply) = 0;

  // Memory that it takes beyond a little, in bytes.
  virtual std::size_t memory_bytes() const noexcept { return 0; }
};

}  // namespace cubby::protocol
