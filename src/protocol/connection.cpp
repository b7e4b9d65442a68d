#include "protocol/connection.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "protocol/chunked_body.hpp"
#include "protocol/cors.hpp"
#include "protocol/date_header.hpp"
#include "protocol/error_reply.hpp"
#include "protocol/head_parser.hpp"
#include "protocol/heap_bytes.hpp"
#include "protocol/incoming_body.hpp"
#include "protocol/look_ahead.hpp"
#include "protocol/reply.hpp"
#include "protocol/request.hpp"
#include "protocol/route.hpp"
#include "protocol/service.hpp"
#include "protocol/unread_head.hpp"
#include "protocol/work.hpp"

namespace cubby::protocol {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// What is sent before all is done says that it is done well.
constexpr unsigned kChunkedStatus = 200;

}  // namespace

// Invariants: what is of a request that goes on after its input has gone means something only while
// body_.has_begun() or work_; otherwise it holds no memory. Of such a request only the head's text
// is kept, and is read again when there is something to say; so nothing points into an input.
class Connection::Impl {
 public:
  explicit Impl(const Context& context) : context_(context), body_(context.limits) {}

  std::size_t receive(std::string_view input, std::string& output) {
    std::size_t done = 0;
    answered_before_ = answered_;
    took_turn_ = false;
    if (work_ && !go_on_working(output)) return 0;
    while (!finished_) {
      const std::string_view rest = input.substr(done);
      const std::size_t used =
          body_.has_begun() ? take_body(rest, output) : take_requests(rest, output);
      if (used == 0) break;
      done += used;
    }
    if (finished_ && done < input.size()) linger_ = true;
    return done;
  }

  std::optional<LargeBody> take_large_body() noexcept { return std::exchange(large_, {}); }

  bool has_more() const noexcept { return has_more_; }
  bool finished() const noexcept { return finished_; }
  bool should_linger() const noexcept { return linger_; }
  bool in_request() const noexcept {
    return !finished_ && (body_.has_begun() || has_more_ || head_parser_.begun());
  }

  Progress progress() const noexcept {
    Progress progress{.request = answered_};
    if (body_.has_begun()) {
      progress.stage = Progress::Stage::in_body;
      progress.announced_bytes = body_.framing().announced_bytes();
      progress.received_bytes = body_.framing().received_bytes();
    } else if (work_) {
      progress.stage = Progress::Stage::at_work;
    } else if (in_request()) {
      progress.stage = Progress::Stage::in_head;
    }
    return progress;
  }

  void give_up(Error error, std::string_view input, std::string& output) {
    if (head_.empty()) {
      Request request;
      read_unread_head(input, context_.limits, request);
      return refuse(request, error, output);
    }
    if (!work_ || !work_->give_up(error)) return answer_kept(output, error);
    draining_ = true;
    answer_kept(output);
    linger_ = true;
  }

  void abandon() noexcept {
    forget_kept();
    finished_ = true;
  }

  void turn_away() noexcept { turned_away_ = true; }

  std::optional<std::size_t> body_bytes_ahead() const noexcept { return body_.bytes_ahead(); }

  bool has_succeeded() const noexcept { return has_succeeded_; }

  std::size_t memory_bytes() const noexcept {
    return heap_bytes(head_) + body_.memory_bytes() + (work_ ? work_->memory_bytes() : 0);
  }
  std::size_t staged_bytes() const noexcept {
    return body_.staged_bytes() + (work_ ? work_->staged_bytes() : 0);
  }

  void drain() noexcept {
    draining_ = true;
    if (!in_request()) finished_ = true;
  }

 private:
  // Each of these returns how many bytes of `input` it used, 0 when it cannot go on.

  std::size_t take_requests(std::string_view input, std::string& output) {
    has_more_ = work_ != nullptr;
    if (input.empty() || work_) return 0;
    if (is_enough(output)) {
      has_more_ = true;
      return 0;
    }
    // A head that came in pieces is for its parser, and a last request must not be looked beyond.
    if (context_.heads == nullptr || head_parser_.begun() || turned_away_) {
      return take_head(input, output);
    }
    const LookAhead ahead(context_, input, requests_left());
    if (ahead.requests().empty()) return take_head(input, output);
    return take_read(ahead.requests(), input, output);
  }

  std::size_t requests_left() const noexcept {
    return context_.most_requests_at_once - (answered_ - answered_before_);
  }

  bool is_enough(const std::string& output) const noexcept {
    return large_ || work_ || took_turn_ || output.size() >= context_.output_cap_bytes ||
           answered_ - answered_before_ >= context_.most_requests_at_once;
  }

  std::size_t take_read(std::span<const Request> requests, std::string_view input,
                        std::string& output) {
    std::size_t used = 0;
    blank_line_taken_ = false;
    for (const Request& request : requests) {
      if (used > 0 && is_enough(output)) break;
      used += request.text.size();
      used += take_request(request, input.substr(used), output);
      if (finished_) break;
    }
    return used;
  }

  std::size_t take_head(std::string_view input, std::string& output) {
    // One empty line before a request is to be ignored (RFC 9112, section 2.2).
    if (!blank_line_taken_ && input.front() == '\r') {
      if (input.size() == 1) return 0;
      if (input[1] == '\n') {
        blank_line_taken_ = true;
        return 2;
      }
    }
    Request request;
    KeyBuffer buffer;
    const HeadResult result = read_head(input, request, buffer);
    switch (result.status) {
      case HeadResult::Status::incomplete:
        return 0;
      case HeadResult::Status::refused:
        read_unread_head(input, context_.limits, request);
        refuse(request, result.error, output);
        return 0;
      case HeadResult::Status::complete:
        break;
    }
    blank_line_taken_ = false;
    return result.size + take_request(request, input.substr(result.size), output);
  }

  HeadResult read_head(std::string_view input, Request& request, KeyBuffer& buffer) {
    const HeadResult result =
        head_parser_.parse(input, context_.limits, context_.heads, request.head);
    if (result.status != HeadResult::Status::complete) return result;
    request.text = input.substr(0, result.size);
    find_operation(request.head.method, request.head.target, context_.limits, buffer,
                   request.operation);
    const std::string_view key = request.operation.key;
    if (!key.empty()) request.key = context_.cache.prepare(key);
    return result;
  }

  // `input` is what follows the head.
  std::size_t take_request(const Request& request, std::string_view input, std::string& output) {
    const RequestHead& head = request.head;
    if (turned_away_) {
      refuse(request, Error::too_many_connections, output);
      return 0;
    }
    if (head.expectation == Expectation::unknown) {
      refuse(request, Error::bad_expectation, output);
      return 0;
    }
    if (head.content_length > 0 && head.content_length > max_body_bytes(request)) {
      refuse(request, Error::body_too_large, output);
      return 0;
    }
    const Error error = error_of_head(request);
    if (!head.has_body()) {
      answer(request, error, {}, output);
      return 0;
    }
    // Whether the body follows a refusal that comes instead of 100 is not certain, so that nothing
    // after it can be taken for a request (RFC 9110, section 10.1.1).
    if (head.expectation == Expectation::continue_100 && error != Error::none) {
      refuse(request, error, output);
      return 0;
    }
    if (!head.chunked && input.size() >= head.content_length) {
      const auto size = static_cast<std::size_t>(head.content_length);
      answer(request, error, input.substr(0, size), output);
      return size;
    }
    await_body(request, error);
    if (head.expectation == Expectation::continue_100 && input.empty()) output.append(kContinue);
    return take_body(input, output);
  }

  std::size_t max_body_bytes(const Request& request) const noexcept {
    const Route* const route = request.operation.route;
    const BodyLimit limit = route != nullptr ? route->body.max_bytes : any_body;
    return limit(context_.limits);
  }

  static Error error_of_head(const Request& request) noexcept {
    const Operation& operation = request.operation;
    if (operation.error != Error::none || !request.head.encoded) return operation.error;
    return operation.route->body.may_be_encoded ? Error::none : Error::body_encoded;
  }

  void keep(const Request& request) { head_ = request.text; }

  void await_body(const Request& request, Error error) {
    keep(request);
    const Route* const route = request.operation.route;
    body_.begin(request.head, max_body_bytes(request), error,
                route != nullptr && route->takes_body());
  }

  std::size_t take_body(std::string_view input, std::string& output) {
    const std::size_t used = body_.take(input, [this] { return make_reader(); });
    if (body_.framing_error() != Error::none) {
      answer_kept(output, body_.framing_error());
    } else if (body_.is_whole()) {
      answer_kept(output);
    }
    return used;
  }

  std::unique_ptr<BodyReader> make_reader() {
    Request request;
    KeyBuffer buffer;
    read_head(head_, request, buffer);
    return request.operation.route->body.begin(context_, request);
  }

  // Answers the request whose head is kept, or, when there is a `refusal`, refuses it.
  void answer_kept(std::string& output, Error refusal = Error::none) {
    const std::string head = std::exchange(head_, {});
    const bool at_work = work_ != nullptr;
    const auto work = std::exchange(work_, {});
    const auto reader = body_.end();
    Request request;
    KeyBuffer buffer;
    read_head(head, request, buffer);
    if (refusal != Error::none) return refuse(request, refusal, output);
    if (at_work) return finish(request, *work, output);
    answer(request, body_.error(), {}, output, reader.get());
  }

  void forget_kept() noexcept {
    give_back(head_);
    body_.end();
    work_.reset();
  }

  // Whether the work is over, and answered.
  bool go_on_working(std::string& output) {
    if (work_->go_on()) {
      send_finished(output);
      return false;
    }
    answer_kept(output);
    return true;
  }

  // Of the reply to come what the work would rather not keep.
  void send_finished(std::string& output) {
    if (!may_send_chunks_) return;
    ContentPiece piece = work_->take_finished();
    if (piece.text.empty()) return;
    if (!chunks_.has_begun()) begin_chunked_reply(output);
    chunks_.add(output, piece.text);
    if (!piece.large) return;
    piece.large->trailer = chunks_.announce(output, piece.large->written_bytes());
    large_ = std::move(piece.large);
  }

  void begin_chunked_reply(std::string& output) {
    Request request;
    KeyBuffer buffer;
    read_head(head_, request, buffer);
    begin_reply(request, request.asks_to_close() || draining_, output)
        .begin_chunked(kChunkedStatus, kJsonType);
  }

  Reply begin_reply(const Request& request, bool close, std::string& output) {
    const Persistence persistence = close                   ? Persistence::close
                                    : request.head.http_1_0 ? Persistence::keep_explicitly
                                                            : Persistence::keep;
    const std::string_view fields =
        context_.cors == nullptr ? std::string_view() : context_.cors->fields_for(request);
    return {output, large_, context_.date, persistence, request.head.method == Method::head,
            fields};
  }

  // `error` says what is wrong with the request as far as it is known.
  void answer(const Request& request, Error error, std::string_view body, std::string& output,
              BodyReader* reader = nullptr) {
    const bool close = request.asks_to_close() || draining_;
    Reply reply = begin_reply(request, close, output);
    if (error == Error::none) {
      error = request.operation.route->service({context_, request, body, reader, work_, took_turn_},
                                               reply);
      if (work_) {
        may_send_chunks_ = request.may_be_answered_in_chunks();
        keep(request);
        return send_finished(output);
      }
    }
    complete(request, error, reply, close);
  }

  void finish(const Request& request, Work& work, std::string& output) {
    const bool close = request.asks_to_close() || draining_;
    if (chunks_.has_begun()) {
      chunks_.add(output, work.take_finished().text);
      has_succeeded_ = true;
      count_answered(request, kChunkedStatus, chunks_.bytes(), close);
      return chunks_.end(output);
    }
    Reply reply = begin_reply(request, close, output);
    const Error error = work.reply(reply);
    complete(request, error, reply, close);
  }

  void complete(const Request& request, Error error, Reply& reply, bool close) {
    if (error == Error::none) {
      has_succeeded_ = true;
    } else {
      send_error(reply, error, request.operation, context_.limits);
    }
    count_answered(request, reply.status(), reply.content_length(), close);
  }

  void count_answered(const Request& request, unsigned status, std::size_t content_length,
                      bool close) {
    finished_ = close;
    ++answered_;
    if (context_.tally != nullptr) context_.tally->count(status);
    if (context_.on_request != nullptr && *context_.on_request) {
      (*context_.on_request)(
          {name_of(request.head.method), request.operation.path, status, content_length});
    }
  }

  // Answers without having read the whole request, and ends the connection.
  void refuse(const Request& request, Error error, std::string& output) {
    const Route* const route = request.operation.route;
    if (error == Error::body_too_large && route != nullptr) error = route->body.too_large;
    Reply reply = begin_reply(request, true, output);
    complete(request, error, reply, true);
    linger_ = true;
  }

  const Context& context_;
  HeadParser head_parser_;
  std::string head_;  // of the request that goes on
  IncomingBody body_;
  std::unique_ptr<Work> work_;
  ChunkedBody chunks_;  // of the reply to it
  bool may_send_chunks_ = false;
  std::optional<LargeBody> large_;
  std::uint32_t answered_ = 0;
  std::uint32_t answered_before_ = 0;  // this receive()
  bool took_turn_ = false;             // this receive() has done something that takes long
  bool has_succeeded_ = false;
  bool blank_line_taken_ = false;
  bool has_more_ = false;  // input was left because the output was full, or there is work_
  bool draining_ = false;
  bool turned_away_ = false;
  bool finished_ = false;
  bool linger_ = false;
};

Connection::Connection(const Context& context) : impl_(std::make_unique<Impl>(context)) {}
Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;

std::size_t Connection::receive(std::string_view input, std::string& output) {
  return impl_->receive(input, output);
}
std::optional<LargeBody> Connection::take_large_body() noexcept { return impl_->take_large_body(); }
bool Connection::has_more() const noexcept { return impl_->has_more(); }
bool Connection::finished() const noexcept { return impl_->finished(); }
bool Connection::should_linger() const noexcept { return impl_->should_linger(); }
bool Connection::in_request() const noexcept { return impl_->in_request(); }
Progress Connection::progress() const noexcept { return impl_->progress(); }
void Connection::give_up(Error error, std::string_view input, std::string& output) {
  impl_->give_up(error, input, output);
}
std::optional<std::size_t> Connection::body_bytes_ahead() const noexcept {
  return impl_->body_bytes_ahead();
}
bool Connection::has_succeeded() const noexcept { return impl_->has_succeeded(); }
std::size_t Connection::memory_bytes() const noexcept { return impl_->memory_bytes(); }
std::size_t Connection::staged_bytes() const noexcept { return impl_->staged_bytes(); }
void Connection::abandon() noexcept { impl_->abandon(); }
void Connection::turn_away() noexcept { impl_->turn_away(); }
void Connection::drain() noexcept { impl_->drain(); }

}  // namespace cubby::protocol
