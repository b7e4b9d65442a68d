// Finds and reads the head of a request.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/head_rules.hpp"
#include "protocol/limits.hpp"

namespace cubby::protocol {

class HeadMemo;

struct HeadResult {
  enum class Status : std::uint8_t { complete, incomplete, refused };

  Status status;
  Error error = Error::none;  // why it was refused
  std::size_t size = 0;       // of a complete head, in bytes

  bool operator==(const HeadResult&) const = default;
};

// Reads one head after another. Between calls it remembers nothing but how far it has looked, so
// the bytes of an incomplete head stay with the caller.
class HeadParser {
 public:
  // Reads the head at the beginning of `input`, which holds everything that has arrived of it. A
  // refusal depends on whole lines only (or on the first max_header_bytes), never on how the bytes
  // are cut. `head` is complete when the result is; a refused one has its method when the request
  // line was read. Whether there is a memo, and what it has kept, makes no difference but in time.
  // Allocates nothing.
  HeadResult parse(std::string_view input, const Limits& limits, HeadMemo* memo, RequestHead& head);

  // A head has begun and is not complete.
  bool begun() const noexcept { return seen_ > 0; }

 private:
  HeadResult read(std::string_view input, const Limits& limits, RequestHead& head);

  std::size_t seen_ = 0;  // bytes of the incomplete head that were there at the last call
};

}  // namespace cubby::protocol
