#include "protocol/connection.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "protocol/chunk_decoder.hpp"
#include "protocol/date_header.hpp"
#include "protocol/error_reply.hpp"
#include "protocol/head_parser.hpp"
#include "protocol/heap_bytes.hpp"
#include "protocol/look_ahead.hpp"
#include "protocol/put_request.hpp"
#include "protocol/reply.hpp"
#include "protocol/route.hpp"
#include "protocol/service.hpp"

namespace cubby::protocol {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// What is left of a request once its head has been read.
struct Exchange {
  Operation operation;
  PreparedKey key;  // the operation's
  Method method = Method::unknown;
  bool http_1_0 = false;
  bool close = true;
};

Exchange exchange_of(const RequestHead& head) {
  return {.operation = {},
          .key = {},
          .method = head.method,
          .http_1_0 = head.http_1_0,
          // After CONNECT the peer may go on in another protocol.
          .close = !head.keep_alive || head.method == Method::connect};
}

}  // namespace

// Invariants: `exchange_`, `key_`, `put_` and the two ways to find a body's end mean something only
// while awaiting_body_; otherwise they hold no memory. When awaiting_body_ the views of exchange_
// point into key_ or into the route table, and put_ has kept what it needs, so nothing points into
// an input.
class Connection::Impl {
 public:
  explicit Impl(const Context& context) : context_(context), decoder_(context.limits) {}

  std::size_t receive(std::string_view input, std::string& output) {
    std::size_t done = 0;
    answered_before_ = answered_;
    while (!finished_) {
      const std::string_view rest = input.substr(done);
      const std::size_t used =
          awaiting_body_ ? take_body(rest, output) : take_requests(rest, output);
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
    return !finished_ && (awaiting_body_ || has_more_ || head_parser_.begun());
  }

  Progress progress() const noexcept {
    Progress progress{.request = answered_};
    if (awaiting_body_) {
      progress.stage = Progress::Stage::in_body;
      progress.announced_bytes = chunked_ ? decoder_.announced_bytes() : content_length_;
      progress.received_bytes = body_received_;
    } else if (in_request()) {
      progress.stage = Progress::Stage::in_head;
    }
    return progress;
  }

  void give_up(Error error, std::string& output) {
    // Of a head that is not complete nothing is known.
    refuse(exchange_, error, output);
    forget_body();
  }

  void abandon() noexcept {
    forget_body();
    finished_ = true;
  }

  void turn_away() noexcept { turned_away_ = true; }

  std::optional<std::size_t> body_bytes_ahead() const noexcept {
    if (!awaiting_body_ || !body_wanted_) return 0;
    if (chunked_) return std::nullopt;
    return static_cast<std::size_t>(body_left());
  }

  bool has_succeeded() const noexcept { return has_succeeded_; }

  std::size_t memory_bytes() const noexcept {
    return heap_bytes(key_) + (put_ ? put_->memory_bytes() : 0);
  }
  std::size_t staged_bytes() const noexcept { return put_ ? put_->staged_bytes() : 0; }

  void drain() noexcept {
    draining_ = true;
    if (!in_request()) finished_ = true;
  }

 private:
  // Each of these returns how many bytes of `input` it used, 0 when it cannot go on.

  std::size_t take_requests(std::string_view input, std::string& output) {
    has_more_ = false;
    if (input.empty()) return 0;
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
    return large_ || output.size() >= context_.output_cap_bytes ||
           answered_ - answered_before_ >= context_.most_requests_at_once;
  }

  std::size_t take_read(std::span<const ReadRequest> requests, std::string_view input,
                        std::string& output) {
    std::size_t used = 0;
    blank_line_taken_ = false;
    for (const ReadRequest& request : requests) {
      if (used > 0 && is_enough(output)) break;
      used += request.head_size;
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
    ReadRequest request;
    const RequestHead& head = request.head;
    const HeadResult result =
        head_parser_.parse(input, context_.limits, context_.heads, request.head);
    switch (result.status) {
      case HeadResult::Status::incomplete:
        return 0;
      case HeadResult::Status::refused:
        refuse(exchange_of(head), result.error, output);
        return 0;
      case HeadResult::Status::complete:
        break;
    }
    blank_line_taken_ = false;
    KeyBuffer buffer;
    request.operation = find_operation(head.method, head.target, context_.limits, buffer);
    request.key = prepare(request.operation);
    return result.size + take_request(request, input.substr(result.size), output);
  }

  PreparedKey prepare(const Operation& operation) const {
    return operation.key.empty() ? PreparedKey() : context_.cache.prepare(operation.key);
  }

  // `input` is what follows the head.
  std::size_t take_request(const ReadRequest& request, std::string_view input,
                           std::string& output) {
    const RequestHead& head = request.head;
    Exchange exchange = exchange_of(head);
    if (turned_away_) {
      refuse(exchange, Error::too_many_connections, output);
      return 0;
    }
    if (head.expectation == Expectation::unknown) {
      refuse(exchange, Error::bad_expectation, output);
      return 0;
    }
    if (head.content_length > context_.limits.max_body_bytes()) {
      refuse(exchange, Error::body_too_large, output);
      return 0;
    }
    exchange.operation = request.operation;
    exchange.key = request.key;
    if (head.encoded && exchange.operation.takes_body()) {
      exchange.operation.error = Error::body_encoded;
    }
    if (!head.has_body()) {
      answer(exchange, {}, output);
      return 0;
    }
    // Whether the body follows a refusal that comes instead of 100 is not certain, so that nothing
    // after it can be taken for a request (RFC 9110, section 10.1.1).
    if (head.expectation == Expectation::continue_100 && exchange.operation.error != Error::none) {
      refuse(exchange, exchange.operation.error, output);
      return 0;
    }
    if (!head.chunked && input.size() >= head.content_length) {
      const auto size = static_cast<std::size_t>(head.content_length);
      answer(exchange, input.substr(0, size), output);
      return size;
    }
    await_body(exchange, head);
    if (head.expectation == Expectation::continue_100 && input.empty()) output.append(kContinue);
    return take_body(input, output);
  }

  void await_body(const Exchange& exchange, const RequestHead& head) {
    awaiting_body_ = true;
    exchange_ = exchange;
    key_ = exchange.operation.key;
    exchange_.operation.key = key_;
    exchange_.key = prepare(exchange_.operation);
    chunked_ = head.chunked;
    content_length_ = head.content_length;
    body_received_ = 0;
    body_wanted_ = exchange.operation.takes_body();
  }

  std::size_t take_body(std::string_view input, std::string& output) {
    std::size_t used = 0;
    while (used < input.size() && !body_ended() && decoder_.error() == Error::none) {
      std::string_view data;
      used += take_data(input.substr(used), data);
      if (body_wanted_ && !data.empty()) take_into_put(data);
    }
    // The input goes.
    if (put_ && !body_ended()) {
      if (const Error error = put_->keep(); error != Error::none) give_put_up(error);
    }
    if (decoder_.error() != Error::none) {
      refuse(exchange_, decoder_.error(), output);
      forget_body();
    } else if (body_ended()) {
      answer(exchange_, {}, output);
      forget_body();
    }
    return used;
  }

  std::uint64_t body_left() const noexcept { return content_length_ - body_received_; }
  bool body_ended() const noexcept { return chunked_ ? decoder_.done() : body_left() == 0; }

  // Takes the framing off the beginning of `input`; returns how many bytes it has used.
  std::size_t take_data(std::string_view input, std::string_view& data) {
    std::size_t used = 0;
    if (chunked_) {
      used = decoder_.decode(input, data);
    } else {
      used = static_cast<std::size_t>(std::min<std::uint64_t>(body_left(), input.size()));
      data = input.substr(0, used);
    }
    body_received_ += data.size();
    return used;
  }

  void take_into_put(std::string_view data) {
    if (!put_) put_ = std::make_unique<PutRequest>(context_);
    if (const Error error = put_->take(data); error != Error::none) give_put_up(error);
  }

  // The rest of the body is read away, so that the reply, and what becomes of the connection, do
  // not depend on how much of it has arrived.
  void give_put_up(Error error) {
    exchange_.operation.error = error;
    body_wanted_ = false;
    put_.reset();
  }

  void forget_body() {
    awaiting_body_ = false;
    exchange_ = {};
    give_back(key_);
    put_.reset();
    decoder_ = ChunkDecoder(context_.limits);
  }

  void answer(const Exchange& exchange, std::string_view body, std::string& output) {
    const bool close = exchange.close || draining_;
    const Persistence persistence = close               ? Persistence::close
                                    : exchange.http_1_0 ? Persistence::keep_explicitly
                                                        : Persistence::keep;
    Reply reply(output, large_, context_.date, persistence, exchange.method == Method::head);
    const Operation& operation = exchange.operation;
    Error error = operation.error;
    if (error == Error::none) {
      error = operation.route->service({context_, operation.path, exchange.key, body, put_.get()},
                                       reply);
    }
    if (error == Error::none) {
      has_succeeded_ = true;
    } else {
      send_error(reply, error, operation.path, context_.limits);
    }
    finished_ = close;
    ++answered_;
    if (context_.tally != nullptr) context_.tally->count(reply.status());
    if (context_.on_request != nullptr && *context_.on_request) {
      (*context_.on_request)(
          {name_of(exchange.method), operation.path, reply.status(), reply.content_length()});
    }
  }

  // Answers without having read the whole request, and ends the connection.
  void refuse(Exchange exchange, Error error, std::string& output) {
    exchange.operation.error = error;
    exchange.close = true;
    answer(exchange, {}, output);
    linger_ = true;
  }

  const Context& context_;
  HeadParser head_parser_;
  ChunkDecoder decoder_;
  std::uint64_t content_length_ = 0;
  std::uint64_t body_received_ = 0;
  Exchange exchange_;
  std::string key_;
  std::unique_ptr<PutRequest> put_;  // once there is some of a body that is wanted
  std::optional<LargeBody> large_;
  std::uint32_t answered_ = 0;
  std::uint32_t answered_before_ = 0;  // this receive()
  bool chunked_ = false;
  bool awaiting_body_ = false;
  bool body_wanted_ = false;
  bool has_succeeded_ = false;
  bool blank_line_taken_ = false;
  bool has_more_ = false;  // input was left because the output was full
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
void Connection::give_up(Error error, std::string& output) { impl_->give_up(error, output); }
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
