// Writes one reply.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cubby::protocol {

inline constexpr std::string_view kJsonType = "application/json; charset=utf-8";
inline constexpr std::string_view kTextType = "text/plain";

// What a reply says about the connection.
enum class Persistence : std::uint8_t {
  keep,             // nothing: HTTP/1.1 keeps connections by default
  keep_explicitly,  // "Connection: keep-alive", for the HTTP/1.0 client that asked for it
  close,            // "Connection: close"
};

// Appends a reply to an output buffer: begin(), then exactly the body bytes that it announced to
// output(), then end(). The buffer is not owned.
class Reply {
 public:
  // `date` is the value of the Date field. A reply to HEAD has the head of the reply to GET alone.
  Reply(std::string& output, std::string_view date, Persistence persistence, bool to_head) noexcept
      : output_(output), date_(date), persistence_(persistence), to_head_(to_head) {}

  // `allow` is the value of the Allow field; when it is empty there is no such field.
  void begin(unsigned status, std::string_view content_type, std::size_t content_length,
             std::string_view allow = {});

  std::string& output() noexcept { return output_; }

  // As begun.
  unsigned status() const noexcept { return status_; }
  std::size_t content_length() const noexcept { return content_length_; }

  void end();

  // All three in one.
  void send(unsigned status, std::string_view content_type, std::string_view body,
            std::string_view allow = {});

 private:
  std::string& output_;
  std::string_view date_;
  Persistence persistence_;
  bool to_head_;
  unsigned status_ = 0;
  std::size_t content_length_ = 0;
  std::size_t body_begin_ = 0;
};

}  // namespace cubby::protocol
