#include "protocol/large_body.hpp"

#include "protocol/base64.hpp"
#include "protocol/stored_entry.hpp"

namespace cubby::protocol {

std::size_t LargeBody::written_bytes() const noexcept {
  const std::size_t size = value.size() - begin;
  switch (notation) {
    case Notation::escaped:
      return escaped_size_of(value.notes());
    case Notation::base64:
      return base64_size(size);
    case Notation::plain:
      break;
  }
  return size;
}

}  // namespace cubby::protocol
