// The content of a reply that is sent while it is made.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cubby::protocol {

// Writes a body in chunks (RFC 9112, section 7.1). One object serves for a body after the other.
class ChunkedBody {
 public:
  // Whether there has been a piece since the last end().
  bool has_begun() const noexcept { return bytes_ > 0; }

  // What there has been of the content, in bytes.
  std::size_t bytes() const noexcept { return bytes_; }

  // Appends the content's next piece to `output`, which must not be empty.
  void add(std::string& output, std::string_view piece);

  // Likewise for a piece of so many bytes that is sent behind `output`, and has behind it what this
  // returns.
  [[nodiscard]] std::string_view announce(std::string& output, std::size_t bytes);

  // Appends the end.
  void end(std::string& output);

 private:
  std::size_t bytes_ = 0;
};

}  // namespace cubby::protocol
