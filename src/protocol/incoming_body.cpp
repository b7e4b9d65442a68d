#include "protocol/incoming_body.hpp"

#include <cassert>
#include <utility>

namespace cubby::protocol {

void IncomingBody::begin(const RequestHead& head, std::size_t max_bytes, Error error,
                         bool is_wanted) {
  assert(head.chunked || head.content_length <= max_bytes);
  framing_.begin(head, max_bytes);
  error_ = error;
  has_begun_ = true;
  is_wanted_ = is_wanted && error == Error::none;
}

std::size_t IncomingBody::take(std::string_view input,
                               const std::function<std::unique_ptr<BodyReader>()>& make_reader) {
  std::size_t used = 0;
  while (used < input.size() && !framing_.ended() && framing_.error() == Error::none) {
    std::string_view data;
    used += framing_.take(input.substr(used), data);
    if (!is_wanted_ || data.empty()) continue;
    if (!reader_) reader_ = make_reader();
    check(reader_->take(data));
  }
  // The input goes.
  if (reader_ && !framing_.ended()) check(reader_->keep());
  return used;
}

std::unique_ptr<BodyReader> IncomingBody::end() noexcept {
  has_begun_ = false;
  return std::exchange(reader_, {});
}

std::optional<std::size_t> IncomingBody::bytes_ahead() const noexcept {
  return has_begun_ && is_wanted_ ? framing_.bytes_ahead() : 0;
}

void IncomingBody::check(Error error) noexcept {
  if (error == Error::none) return;
  error_ = error;
  is_wanted_ = false;
  reader_.reset();
}

}  // namespace cubby::protocol
