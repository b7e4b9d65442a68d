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
inline constexpr std::string_view kYamlType = "application/yaml";

// What a reply says about the connection.
enum class Persistence : std::uint8_t {
  keep,             // nothing: HTTP/1.1 keeps connections by default
  keep_explicitly,  // "Connection: keep-alive", for the HTTP/1.0 client that asked for it
  close,            // "Connection: close"
};

// A value up to this size is quicker written in place. The buffer has to be cleared for what is
// written so, which costs more than it saves from about here on.
inline constexpr std::size_t kInPlaceBytes = 512;

// Appends a reply to an output buffer: begin(), then exactly the body bytes that it announced to
// output(), perhaps followed by a large body, then end(). The buffer is not owned.
class Reply {
 public:
  // A reply to HEAD has the head of the reply to GET alone.
  // `large` is where a large body goes; it must be empty. `common_fields` are header fields, each
  // with its line end, that the reply has whatever it comes to be; they must outlive it.
  Reply(std::string& output, std::optional<LargeBody>& large, const DateHeader& date,
        Persistence persistence, bool to_head, std::string_view common_fields = {}) noexcept
      : output_(output),
        large_(large),
        date_(date),
        persistence_(persistence),
        to_head_(to_head),
        common_fields_(common_fields),
        begin_(output.size()) {}

  // An empty type is for a reply without content. `fields` are further header fields, each with its
  // line end.
  void begin(unsigned status, std::string_view content_type, std::size_t content_length,
             std::string_view fields = {});

  // Likewise, with room for the whole body behind the head: returns where all of it is to be
  // written before end().
  char* begin_in_place(unsigned status, std::string_view content_type, std::size_t content_length,
                       std::string_view fields = {});

  // The head of a reply of which nobody knows yet how long it will be: a ChunkedBody follows, with
  // which the Reply has nothing to do. For HTTP/1.1 alone (RFC 9112, section 6.1).
  void begin_chunked(unsigned status, std::string_view content_type);

  // Where the `fields` that it was begun with are now, to be written over.
  char* fields() noexcept { return output_.data() + fields_begin_; }

  std::string& output() noexcept { return output_; }
  // What of the body has been appended to output().
  std::string_view body() const noexcept { return std::string_view(output_).substr(body_begin_); }

  // The rest of the body, instead of appending it to output().
  void set_large(LargeBody body) noexcept { large_ = std::move(body); }

  // As begun.
  unsigned status() const noexcept { return status_; }
  std::size_t content_length() const noexcept { return content_length_; }

  void end();

  // Takes back all that has been written since the Reply was made.
  void undo() noexcept;

  // A reply that has no content by its status: 204 or 304 (RFC 9110, section 6.4.1).
  void send_head(unsigned status, std::string_view fields);

  // begin(), the body, and end().
  void send(unsigned status, std::string_view content_type, std::string_view body,
            std::string_view fields = {});

 private:
  // Leaves `room` bytes behind the head. No length is for a reply that never has content.
  void write_head(unsigned status, std::string_view content_type,
                  std::optional<std::size_t> content_length, std::string_view fields,
                  std::size_t room);

  std::string& output_;
  std::optional<LargeBody>& large_;
  const DateHeader& date_;
  Persistence persistence_;
  bool to_head_;
  std::string_view common_fields_;
  std::size_t begin_;
  unsigned status_ = 0;
  std::size_t content_length_ = 0;
  std::size_t fields_begin_ = 0;
  std::size_t body_begin_ = 0;
};

}  // namespace cubby::protocol
