// What takes too long for one turn.

#pragma once

#include <cstddef>

#include "protocol/error.hpp"
#include "protocol/large_body.hpp"
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

  // After a turn: what there is of the content that reply() would send, with 200 and kJsonType,
  // where that is too much to be kept until all is done. Otherwise nothing. Whoever has taken
  // something takes the rest, which has no large body, when all is done, or given up, and calls no
  // reply(); give_up() is then not false.
  virtual ContentPiece take_finished() { return {}; }

  // All is done, or given up: writes the reply, or writes nothing and returns what is wrong.
  virtual Error reply(Reply& reply) = 0;

  // Memory of its own beyond a little, and in the cache, which charges it already; in bytes.
  virtual std::size_t memory_bytes() const noexcept { return 0; }
  virtual std::size_t staged_bytes() const noexcept { return 0; }
};

}  // namespace cubby::protocol
