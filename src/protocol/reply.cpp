#include "protocol/reply.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "protocol/error.hpp"

namespace cubby::protocol {
namespace {

// Enough for every head that cubby writes, so that head and body grow the buffer once.
constexpr std::size_t kHeadReserve = 256;

// More than that is not going to be in the buffer: it is a large body.
constexpr std::size_t kLargestReserve = 2 * kLargeValueBytes;

void append_number(std::string& output, std::size_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  output.append(digits.data(), end);
}

}  // namespace

void Reply::begin(unsigned status, std::string_view content_type, std::size_t content_length,
                  std::string_view fields) {
  status_ = status;
  content_length_ = content_length;
  output_.reserve(output_.size() + kHeadReserve + std::min(content_length, kLargestReserve));
  output_.append("HTTP/1.1 ");
  append_number(output_, status);
  output_.append(" ").append(reason_of(status));
  if (!content_type.empty()) output_.append("\r\nContent-Type: ").append(content_type);
  output_.append("\r\nDate: ").append(date_);
  if (persistence_ == Persistence::close) output_.append("\r\nConnection: close");
  if (persistence_ == Persistence::keep_explicitly) output_.append("\r\nConnection: keep-alive");
  output_.append("\r\n").append(fields);
  output_.append("Content-Length: ");
  append_number(output_, content_length);
  output_.append("\r\n\r\n");
  body_begin_ = output_.size();
}

void Reply::end() {
  if (!to_head_) return;
  output_.resize(body_begin_);
  large_.reset();
}

void Reply::send(unsigned status, std::string_view content_type, std::string_view body,
                 std::string_view fields) {
  begin(status, content_type, body.size(), fields);
  output_.append(body);
  end();
}

}  // namespace cubby::protocol
