// The Date header field, made once a second instead of once a reply.

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

  // As of the last update.
  std::chrono::sys_seconds time() const noexcept { return time_; }

  // "Date: Sun, 06 Nov 1994 08:49:37 GMT" with a line end (RFC 9110, section 5.6.7). Valid until
  // the next update().
  std::string_view field() const noexcept { return {field_.data(), field_.size()}; }

 private:
  std::chrono::sys_seconds time_;
  std::array<char, 37> field_;
};

}  // namespace cubby::protocol
