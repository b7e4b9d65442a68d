#include "server/session.hpp"

#include <exception>
#include <utility>

#include "protocol/heap_bytes.hpp"
#include "server/worker.hpp"

namespace cubby::server {

void Session::start(Worker& worker, Descriptor socket, Admission::Place place) {
  run(std::make_unique<Session>(worker, std::move(socket), std::move(place)));
}

Session::Session(Worker& worker, Descriptor socket, Admission::Place place)
    : worker_(worker),
      place_(std::move(place)),
      socket_(std::move(socket)),
      connection_(worker.context()),
      patience_(worker.patience(), worker.now()) {
  worker_.session_began();
  if (place_.turned_away()) connection_.turn_away();
  set_deadline();
}

Session::~Session() {
  socket_.close();
  worker_.session_ended(*this);
}

void Session::wake() noexcept { worker_.poller().call(*this); }

void Session::cut() noexcept {
  socket_.close();
  Timed::unlink();
  wake();
}

void Session::shed(protocol::Error why) noexcept {
  const bool can_answer = outgoing_.empty() && !connection_.finished();
  std::string reply;
  try {
    if (can_answer) {
      connection_.give_up(why, input_, reply);
    } else {
      connection_.abandon();
    }
    protocol::give_back(input_);
    outgoing_.clear();
    if (!can_answer) return cut();
    outgoing_.keep(std::move(reply));
    if (waits_for_memory_) return worker_.memory().stop_waiting(*this);
    wake();
  } catch (...) {
    cut();
  }
}

Holdings Session::holdings() const noexcept {
  return {
      .own = protocol::heap_bytes(input_) + outgoing_.memory_bytes() + connection_.memory_bytes(),
      .staged = connection_.staged_bytes() + outgoing_.detached_bytes(),
      .has_large_reply = outgoing_.has_large()};
}

bool Session::busy() const noexcept {
  return !lingering_ && (connection_.in_request() || !outgoing_.empty());
}

void Session::run(std::unique_ptr<Session> self) noexcept {
  Worker& worker = self->worker_;
  try {
    const Next next = self->step();
    const int fd = self->socket_.get();
    worker.memory().account(*self);
    if (next != Next::close) self->set_deadline();
    switch (next) {
      case Next::wait_to_read:
        return worker.poller().wait(fd, Poller::What::reading, std::move(self));
      case Next::wait_to_write:
        return worker.poller().wait(fd, Poller::What::writing, std::move(self));
      case Next::wait_for_memory:
        return wait_for_memory(std::move(self));
      case Next::take_turn:
        return worker.poller().wait_for_turn(std::move(self));
      case Next::close:
        return;
    }
  } catch (const std::exception& error) {
    worker.report("a connection was closed", error);
  }
}

void Session::resume(std::unique_ptr<MemoryUser> self) noexcept {
  waits_for_memory_ = false;
  patience_.forgive(worker_.now(), connection_.progress().received_bytes);
  worker_.poller().wait_for_turn(std::unique_ptr<Session>(static_cast<Session*>(self.release())));
}

void Session::go_on(std::unique_ptr<Waiter> self) noexcept {
  run(std::unique_ptr<Session>(static_cast<Session*>(self.release())));
}

void Session::wait_for_memory(std::unique_ptr<Session> self) {
  Worker& worker = self->worker_;
  self->waits_for_memory_ = true;
  worker.wait_for_memory(std::move(self));
}

// Does one thing at most that takes time (answers one buffer of requests), so that sessions take
// turns.
Session::Next Session::step() {
  if (!socket_.valid()) return Next::close;
  if (lingering_) return read_away();
  if (!outgoing_.empty()) {
    if (const auto next = after(outgoing_.send_rest(socket_.get()))) return *next;
  }
  if (connection_.finished()) return end();
  if (connection_.has_more()) return answer({}, true);

  if (!worker_.memory().may_read(*this)) return Next::wait_for_memory;

  auto buffer = worker_.read_buffer();
  if (worker_.memory().tight() && !has_promise()) buffer = buffer.first(kReadBytesWhenTight);
  const IoResult got = read_some(socket_.get(), buffer);
  switch (got.status) {
    case IoStatus::done:
      arrived_ += got.bytes;
      return answer({buffer.data(), got.bytes}, got.bytes == buffer.size() || has_news());
    case IoStatus::would_block:
      return when_nothing_arrived();
    case IoStatus::end:  // all replies are sent, or there would have been no reading
      return when_input_ended();
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
  if (input_.empty()) protocol::give_back(input_);

  if (const auto next = send(replies)) return *next;
  if (connection_.finished()) return end();
  // Of a request in progress the next piece has often come meanwhile; and what is promised to its
  // body is to be read on at once.
  const bool look_again = connection_.has_more() || connection_.in_request() || may_be_more ||
                          worker_.phase() != Phase::serving;
  return look_again ? Next::take_turn : Next::wait_to_read;
}

std::optional<Session::Next> Session::send(std::string& replies) {
  if (replies.empty()) return std::nullopt;
  const auto outcome = outgoing_.send(socket_.get(), replies, connection_.take_large_body());
  if (replies.capacity() > kMaxIdleOutputBytes) protocol::give_back(replies);
  return after(outcome);
}

// Once the worker is draining, the reply to the last request that has arrived must say "Connection:
// close", and those before it must not. Which one is the last shows by withholding the last byte of
// the input: what is still in progress without it.
std::size_t Session::take_requests(std::string_view input, bool may_be_more) {
  std::string& replies = worker_.output();
  const Phase phase = worker_.phase();
  const bool last_batch = phase == Phase::closing || (phase == Phase::draining && !may_be_more);
  std::size_t consumed = 0;
  // What is at work is the last request where nothing has arrived behind it.
  if (last_batch && input.empty() && connection_.has_more()) connection_.drain();
  if (last_batch && !input.empty()) {
    consumed = connection_.receive(input.substr(0, input.size() - 1), replies);
    if (connection_.finished() || connection_.has_more()) return consumed;
    if (connection_.in_request()) connection_.drain();
  }
  return consumed + connection_.receive(input.substr(consumed), replies);
}

std::optional<Session::Next> Session::after(Outgoing::Outcome outcome) noexcept {
  switch (outcome) {
    case Outgoing::Outcome::sent:
      break;
    case Outgoing::Outcome::blocked:
      return Next::wait_to_write;
    case Outgoing::Outcome::yielded:
      return Next::take_turn;
    case Outgoing::Outcome::failed:
      return Next::close;
  }
  return std::nullopt;
}

// A peer that will send no more may still read, and is told if that was not a whole request.
Session::Next Session::when_input_ended() {
  return connection_.in_request() ? give_up(protocol::Error::incomplete) : Next::close;
}

Session::Next Session::give_up(protocol::Error why) {
  std::string& replies = worker_.output();
  replies.clear();
  connection_.give_up(why, input_, replies);
  protocol::give_back(input_);
  if (const auto next = send(replies)) return *next;
  return end();
}

Session::Next Session::when_nothing_arrived() const noexcept {
  const bool idle = !connection_.in_request();
  return idle && worker_.phase() == Phase::closing ? Next::close : Next::wait_to_read;
}

// While the worker drains the peer does not know yet that it must not send more, and closing with
// its next request unread would reset the connection under the reply.
Session::Next Session::end() noexcept {
  const bool serving = worker_.phase() == Phase::serving;
  // The kernel is asked only where it can be much: to ask is a system call of every connection.
  has_much_to_read_ = serving && outgoing_.sent_bytes() > kMostLeftToKernelBytes &&
                      unacknowledged_bytes(socket_.get()) > kMostLeftToKernelBytes;
  if (!connection_.should_linger() && serving && !has_much_to_read_) return Next::close;
  end_writing(socket_.get());
  lingering_ = true;
  return read_away();
}

Session::Next Session::read_away() noexcept {
  const IoResult got = read_some(socket_.get(), worker_.read_buffer());
  if (got.status == IoStatus::would_block) return Next::wait_to_read;
  if (got.status != IoStatus::done || got.bytes >= linger_bytes_left_) return Next::close;
  linger_bytes_left_ -= got.bytes;
  return Next::take_turn;
}

void Session::set_deadline() noexcept {
  const protocol::Progress progress = connection_.progress();
  const Awaited next = awaited(progress.stage);
  if (next == Awaited::request || !patience_.awaits(next, progress.request)) {
    const Time now = worker_.now();
    if (next == Awaited::reading) {
      patience_.await_reading(progress.request, now, figures());
    } else {
      patience_.await(next, progress.request, now);
    }
  }
  worker_.deadlines().set(*this, patience_.due({.announced = progress.announced_bytes,
                                                .received = progress.received_bytes}));
}

Awaited Session::awaited(protocol::Progress::Stage stage) const noexcept {
  using Stage = protocol::Progress::Stage;
  if (!outgoing_.empty() || has_much_to_read_) return Awaited::reading;
  if (lingering_ || place_.turned_away()) return Awaited::farewell;
  return stage == Stage::in_body   ? Awaited::body
         : stage == Stage::in_head ? Awaited::head
                                   : Awaited::request;
}

Patience::Figures Session::figures() noexcept {
  const protocol::Progress progress = connection_.progress();
  return {.announced = progress.announced_bytes,
          .received = progress.received_bytes,
          .sent = outgoing_.sent_bytes(),
          .read = outgoing_.sent_bytes() - unacknowledged_bytes(socket_.get())};
}

void Session::on_deadline(Time now) noexcept {
  const Patience::Figures known = figures();
  if (waits_for_memory_) patience_.forgive(now, known.received);
  const Patience::Verdict verdict = patience_.judge(known, now);
  worker_.deadlines().set(
      *this, verdict == Patience::Verdict::go_on ? patience_.due(known) : now + kLingerTime);
  switch (verdict) {
    case Patience::Verdict::go_on:
      if (has_much_to_read_ && known.all_read()) cut();
      return;
    case Patience::Verdict::slow:
      worker_.timeouts().slow.fetch_add(1, std::memory_order_relaxed);
      return shed(waits_for_memory_ ? protocol::Error::no_room : protocol::Error::request_timeout);
    case Patience::Verdict::stalled:
      worker_.timeouts().stalled.fetch_add(1, std::memory_order_relaxed);
      reset_when_closed(socket_.get());
      return cut();
    case Patience::Verdict::idle:
      // It waits for its turn, and not for its peer.
      if (connection_.progress().stage == protocol::Progress::Stage::at_work) return set_deadline();
      worker_.timeouts().idle.fetch_add(1, std::memory_order_relaxed);
      return cut();
    case Patience::Verdict::over:
      return connection_.finished() ? cut() : shed(protocol::Error::too_many_connections);
  }
}

}  // namespace cubby::server
