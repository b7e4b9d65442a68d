#include "server/outgoing.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "protocol/json_escape.hpp"
#include "server/socket_io.hpp"

namespace cubby::server {
namespace {

// What is left of the replies is moved to the session when it is larger, and copied when it is not,
// so that the worker keeps its buffer and the session no more than it needs.
constexpr std::size_t kLargestCopiedRest = std::size_t{512} << 10;

}  // namespace

Outgoing::Outcome Outgoing::send(int fd, std::string& replies,
                                 std::optional<protocol::LargeBody> large) {
  const IoResult sent = write_some(fd, replies);
  if (sent.status == IoStatus::failed) return Outcome::failed;
  sent_ += sent.bytes;
  const std::size_t rest = replies.size() - sent.bytes;
  if (rest > kLargestCopiedRest) {
    text_ = std::exchange(replies, {});
    text_sent_ = sent.bytes;
  } else {
    text_.assign(replies, sent.bytes);
  }
  large_ = std::move(large);
  if (large_) large_sent_ = large_->begin;
  if (rest > 0) return Outcome::blocked;
  return large_ ? send_rest(fd) : Outcome::sent;
}

Outgoing::Outcome Outgoing::send_rest(int fd) {
  for (std::size_t sent = 0; sent < kSentPerTurn;) {
    const std::size_t text_bytes = text_.size() - text_sent_;
    if (text_bytes > 0) {
      const Outcome outcome = send_text(fd);
      if (outcome != Outcome::sent) return outcome;
      sent += text_bytes;
    }
    if (!large_) {
      protocol::give_back(text_);
      return Outcome::sent;
    }
    if (large_sent_ == large_->value.size()) {
      base64_.finish(text_);
      text_ += large_->trailer;
      large_.reset();
      large_sent_ = 0;
    } else if (large_->notation != protocol::Notation::plain) {
      write_piece();
    } else {
      const Outcome outcome = send_piece(fd, sent);
      if (outcome != Outcome::sent) return outcome;
    }
  }
  return Outcome::yielded;
}

// Leaves text_ empty, with its memory, when all is sent.
Outgoing::Outcome Outgoing::send_text(int fd) {
  const IoResult sent = write_some(fd, std::string_view(text_).substr(text_sent_));
  if (sent.status == IoStatus::failed) return Outcome::failed;
  sent_ += sent.bytes;
  text_sent_ += sent.bytes;
  if (text_sent_ < text_.size()) return Outcome::blocked;
  text_.clear();
  text_sent_ = 0;
  return Outcome::sent;
}

Outgoing::Outcome Outgoing::send_piece(int fd, std::size_t& sent) {
  std::array<std::string_view, kMostPieces> parts;
  std::size_t count = 0;
  std::size_t bytes = 0;
  while (count < parts.size() && large_sent_ + bytes < large_->value.size()) {
    parts[count] = large_->value.part(large_sent_ + bytes);
    bytes += parts[count++].size();
  }
  const IoResult result = write_some(fd, {parts.data(), count});
  if (result.status == IoStatus::failed) return Outcome::failed;
  sent_ += result.bytes;
  large_sent_ += result.bytes;
  sent += result.bytes;
  return result.bytes < bytes ? Outcome::blocked : Outcome::sent;
}

void Outgoing::write_piece() {
  const std::string_view part = large_->value.part(large_sent_);
  if (large_->notation == protocol::Notation::base64) {
    base64_.take(text_, part);
  } else {
    protocol::append_escaped(text_, part);
  }
  large_sent_ += part.size();
}

void Outgoing::clear() noexcept {
  protocol::give_back(text_);
  text_sent_ = 0;
  large_.reset();
  large_sent_ = 0;
  base64_ = {};
}

}  // namespace cubby::server
