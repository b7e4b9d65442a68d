// The Date header field's value, made once a second instead of once a reply.

#pragma once

#include <array>
#include <chrono>
#include <string_view>

namespace cubby::protocol {

// Thread safety: none; each worker has its own.
class DateHeader {
 public:
  explicit DateHeader(std::chrono::sys_seconds now) { update(now); }

  void update(std::chrono::sys_seconds now) noexcept;

  // An IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7). Valid until the next
  // update().
  std::string_view text() const noexcept { return {text_.data(), text_.size()}; }

 private:
  std::array<char, 29> text_;
};

}  // namespace cubby::protocol
