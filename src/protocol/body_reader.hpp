// What reads the body of a request that has not arrived whole.

#pragma once

#include <cstddef>
#include <string_view>

#include "protocol/error.hpp"

namespace cubby::protocol {

// Each operation that takes a body has its own; what it has read is for that operation's service.
class BodyReader {
 public:
  virtual ~BodyReader() = default;

  // Takes the next piece of the body, which must stay as it is until keep() has been called or the
  // reader is used no more. After an error the reader must not be used: the rest of the body is
  // thrown away.
  virtual Error take(std::string_view piece) = 0;

  // Copies what is still borrowed from the pieces.
  virtual Error keep() = 0;

  // Memory of its own, and in the cache, which charges it already; in bytes.
  virtual std::size_t memory_bytes() const noexcept = 0;
  virtual std::size_t staged_bytes() const noexcept = 0;
};

}  // namespace cubby::protocol
