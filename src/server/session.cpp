#include "server/session.hpp"

#include <exception>
#include <utility>

#include <boost/asio/post.hpp>

#include "server/worker.hpp"

namespace cubby::server {
namespace {

// What is left of the replies is moved to the session when it is larger, and copied when it is not,
// so that the worker keeps its buffer.
constexpr std::size_t kLargestCopiedRest = std::size_t{64} << 10;

void release(std::string& buffer) noexcept { std::string().swap(buffer); }

}  // namespace

void Session::start(Worker& worker, Descriptor socket) {
  run(std::make_unique<Session>(worker, std::move(socket)));
}

Session::Session(Worker& worker, Descriptor socket)
    : worker_(worker), socket_(worker.io()), connection_(worker.context()) {
  send_without_delay(socket.get());
  socket_.assign(boost::asio::ip::tcp::v4(), socket.get());
  socket.release();
  worker_.session_began(*this);
}

Session::~Session() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  worker_.session_ended();
}

void Session::wake() noexcept {
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Session::cut() noexcept {
  boost::system::error_code ignored;
  socket_.close(ignored);
  unlink();
}

bool Session::busy() const noexcept {
  return !lingering_ && (connection_.in_request() || answerable_ || !output_.empty());
}

void Session::run(std::unique_ptr<Session> self) noexcept {
  Worker& worker = self->worker_;
  try {
    switch (self->step()) {
      case Next::wait_to_read:
        return wait(std::move(self), Socket::wait_read);
      case Next::wait_to_write:
        return wait(std::move(self), Socket::wait_write);
      case Next::take_turn:
        return boost::asio::post(worker.io(),
                                 [self = std::move(self)]() mutable { run(std::move(self)); });
      case Next::close:
        return;
    }
  } catch (const std::exception& error) {
    worker.report("a connection was closed", error);
  }
}

void Session::wait(std::unique_ptr<Session> self, boost::asio::socket_base::wait_type what) {
  Socket& socket = self->socket_;
  socket.async_wait(what, [self = std::move(self)](boost::system::error_code error) mutable {
    if (error && error != boost::asio::error::operation_aborted) return;
    run(std::move(self));
  });
}

// Does one thing at most that takes time (answers one buffer of requests), so that sessions take
// turns.
Session::Next Session::step() {
  if (!socket_.is_open()) return Next::close;
  if (lingering_) return read_away();
  if (!output_.empty()) {
    if (const auto next = send_rest()) return *next;
  }
  if (connection_.finished()) return end();
  if (answerable_) return answer({}, true);

  const auto buffer = worker_.read_buffer();
  const IoResult got = read_some(socket_.native_handle(), buffer);
  switch (got.status) {
    case IoStatus::done:
      return answer({buffer.data(), got.bytes}, got.bytes == buffer.size());
    case IoStatus::would_block:
      return when_nothing_arrived();
    case IoStatus::end:  // all replies are sent, or there would have been no reading
    case IoStatus::failed:
      break;
  }
  return Next::close;
}

Session::Next Session::answer(std::string_view arrived, bool may_be_more) {
  std::string& replies = worker_.output();
  replies.clear();
  if (input_.empty()) {
    arrived.remove_prefix(take_requests(arrived, may_be_more));
    input_ = arrived;
  } else {
    input_ += arrived;
    input_.erase(0, take_requests(input_, may_be_more));
  }
  if (connection_.finished()) input_.clear();
  if (input_.empty()) release(input_);
  answerable_ = !input_.empty() && replies.size() >= worker_.context().output_cap_bytes;

  if (const auto next = send(replies)) return *next;
  if (connection_.finished()) return end();
  const bool look_again = answerable_ || may_be_more || worker_.phase() != Phase::serving;
  return look_again ? Next::take_turn : Next::wait_to_read;
}

// Once the worker is draining, the reply to the last request that has arrived must say "Connection:
// close", and those before it must not. Which one is the last shows by withholding the last byte of
// the input: what is still in progress without it.
std::size_t Session::take_requests(std::string_view input, bool may_be_more) {
  std::string& replies = worker_.output();
  const Phase phase = worker_.phase();
  const bool last_batch = phase == Phase::closing || (phase == Phase::draining && !may_be_more);
  std::size_t consumed = 0;
  if (last_batch && !input.empty()) {
    consumed = connection_.receive(input.substr(0, input.size() - 1), replies);
    if (connection_.finished() || replies.size() >= worker_.context().output_cap_bytes) {
      return consumed;
    }
    if (connection_.in_request()) connection_.drain();
  }
  return consumed + connection_.receive(input.substr(consumed), replies);
}

std::optional<Session::Next> Session::send(std::string& replies) {
  if (replies.empty()) return std::nullopt;
  const IoResult sent = write_some(socket_.native_handle(), replies);
  if (sent.status == IoStatus::failed) return Next::close;
  const std::size_t rest = replies.size() - sent.bytes;
  if (rest > kLargestCopiedRest) {
    output_ = std::exchange(replies, {});
    sent_ = sent.bytes;
  } else {
    output_.assign(replies, sent.bytes);
    sent_ = 0;
  }
  if (replies.capacity() > kMaxIdleOutputBytes) release(replies);
  if (rest > 0) return Next::wait_to_write;
  return std::nullopt;
}

std::optional<Session::Next> Session::send_rest() {
  const IoResult sent =
      write_some(socket_.native_handle(), std::string_view(output_).substr(sent_));
  if (sent.status == IoStatus::failed) return Next::close;
  sent_ += sent.bytes;
  if (sent_ < output_.size()) return Next::wait_to_write;
  release(output_);
  sent_ = 0;
  return std::nullopt;
}

Session::Next Session::when_nothing_arrived() const noexcept {
  const bool idle = !connection_.in_request();
  return idle && worker_.phase() == Phase::closing ? Next::close : Next::wait_to_read;
}

// While the worker drains the peer does not know yet that it must not send more, and closing with
// its next request unread would reset the connection under the reply.
Session::Next Session::end() noexcept {
  if (!connection_.should_linger() && worker_.phase() == Phase::serving) return Next::close;
  end_writing(socket_.native_handle());
  lingering_ = true;
  linger_deadline_ = std::chrono::steady_clock::now() + kLingerTime;
  worker_.session_lingers(*this);
  return read_away();
}

Session::Next Session::read_away() noexcept {
  const IoResult got = read_some(socket_.native_handle(), worker_.read_buffer());
  if (got.status == IoStatus::would_block) return Next::wait_to_read;
  if (got.status != IoStatus::done || got.bytes >= linger_bytes_left_) return Next::close;
  linger_bytes_left_ -= got.bytes;
  return Next::take_turn;
}

}  // namespace cubby::server
