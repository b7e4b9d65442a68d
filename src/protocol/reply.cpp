#include "protocol/reply.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "protocol/error.hpp"
#include "protocol/put_text.hpp"

namespace cubby::protocol {
namespace {

// More than that is not going to be in the buffer: it is a large body.
constexpr std::size_t kLargestReserve = 2 * kLargeValueBytes;

constexpr std::string_view kTypeName = "Content-Type: ";
constexpr std::string_view kLengthName = "Content-Length: ";

std::string_view field_of(Persistence persistence) {
  switch (persistence) {
    case Persistence::keep_explicitly:
      return "Connection: keep-alive\r\n";
    case Persistence::close:
      return "Connection: close\r\n";
    case Persistence::keep:
      break;
  }
  return {};
}

class Decimal {
 public:
  explicit Decimal(std::size_t number)
      : size_(static_cast<std::size_t>(
            std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr -
            digits_.data())) {}

  std::string_view text() const { return {digits_.data(), size_}; }

 private:
  std::array<char, 20> digits_;
  std::size_t size_;
};

}  // namespace

void Reply::begin(unsigned status, std::string_view content_type, std::size_t content_length,
                  std::string_view fields) {
  write_head(status, content_type, content_length, fields, 0);
}

char* Reply::begin_in_place(unsigned status, std::string_view content_type,
                            std::size_t content_length, std::string_view fields) {
  write_head(status, content_type, content_length, fields, content_length);
  return output_.data() + body_begin_;
}

// The head is measured first, so that the buffer grows once.
void Reply::write_head(unsigned status, std::string_view content_type,
                       std::optional<std::size_t> content_length, std::string_view fields,
                       std::size_t room) {
  status_ = status;
  content_length_ = content_length.value_or(0);
  const std::string_view line = status_line_of(status);
  const std::string_view date = date_.field();
  const std::string_view option = field_of(persistence_);
  const Decimal length(content_length_);

  std::size_t size = line.size() + date.size() + option.size() + common_fields_.size() +
                     fields.size() + kLineEnd.size();
  if (content_length) size += kLengthName.size() + length.text().size() + kLineEnd.size();
  if (!content_type.empty()) size += kTypeName.size() + content_type.size() + kLineEnd.size();
  const std::size_t begin = output_.size();
  output_.reserve(begin + size + std::min(content_length_, kLargestReserve));
  output_.resize(begin + size + room);
  body_begin_ = begin + size;

  char* out = put_text(output_.data() + begin, line);
  if (!content_type.empty()) {
    out = put_text(put_text(put_text(out, kTypeName), content_type), kLineEnd);
  }
  out = put_text(put_text(put_text(out, date), option), common_fields_);
  fields_begin_ = static_cast<std::size_t>(out - output_.data());
  out = put_text(out, fields);
  if (content_length) {
    out = put_text(put_text(put_text(out, kLengthName), length.text()), kLineEnd);
  }
  put_text(out, kLineEnd);
}

void Reply::begin_chunked(unsigned status, std::string_view content_type) {
  write_head(status, content_type, std::nullopt, "Transfer-Encoding: chunked\r\n", 0);
}

void Reply::undo() noexcept {
  output_.resize(begin_);
  large_.reset();
}

void Reply::send_head(unsigned status, std::string_view fields) {
  write_head(status, {}, std::nullopt, fields, 0);
}

void Reply::end() {
  if (!to_head_) return;
  output_.resize(body_begin_);
  large_.reset();
}

void Reply::send(unsigned status, std::string_view content_type, std::string_view body,
                 std::string_view fields) {
  put_text(begin_in_place(status, content_type, body.size(), fields), body);
  end();
}

}  // namespace cubby::protocol
