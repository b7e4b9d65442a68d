// Writes one reply.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/date_header.hpp"
#include "protocol/large_body.hpp"

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
// output(), perhaps followed by a large body, then end(). The buffer is not owned. A body that is
// small, and known when the reply begins, is quicker written in place.
class Reply {
 public:
  // A reply to HEAD has the head of the reply to GET alone.
  // `large` is where a large body goes; it must be empty.
  Reply(std::string& output, std::optional<LargeBody>& large, const DateHeader& date,
        Persistence persistence, bool to_head) noexcept
      : output_(output), large_(large), date_(date), persistence_(persistence), to_head_(to_head) {}

  // An empty type is for a reply without content. `fields` are further header fields, each with its
  // line end.
  void begin(unsigned status, std::string_view content_type, std::size_t content_length,
             std::string_view fields = {});

  // Likewise, with room for the whole body behind the head: returns where all of it is to be
  // written before end().
  char* begin_in_place(unsigned status, std::string_view content_type, std::size_t content_length,
                       std::string_view fields = {});

  std::string& output() noexcept { return output_; }

  // The rest of the body, instead of appending it to output().
  void set_large(LargeBody body) noexcept { large_ = std::move(body); }

  // As begun.
  unsigned status() const noexcept { return status_; }
  std::size_t content_length() const noexcept { return content_length_; }

  void end();

  // All three in one.
  void send(unsigned status, std::string_view content_type, std::string_view body,
            std::string_view fields = {});

 private:
  // Leaves `room` bytes behind the head.
  void write_head(unsigned status, std::string_view content_type, std::size_t content_length,
                  std::string_view fields, std::size_t room);

  std::string& output_;
  std::optional<LargeBody>& large_;
  const DateHeader& date_;
  Persistence persistence_;
  bool to_head_;
  unsigned status_ = 0;
  std::size_t content_length_ = 0;
  std::size_t body_begin_ = 0;
};

}  // namespace cubby::protocol
