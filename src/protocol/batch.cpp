#include "protocol/batch.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <cubby/cache.hpp>

#include "protocol/batch_operation.hpp"
#include "protocol/batch_reply.hpp"
#include "protocol/entries.hpp"
#include "protocol/heap_bytes.hpp"
#include "protocol/request_conditions.hpp"
#include "protocol/ttl.hpp"
#include "protocol/work.hpp"

namespace cubby::protocol {
namespace {

using JsonKind = JsonEvent::Kind;

// What is done before others get their turn, in operations, and in bytes read and written.
constexpr std::size_t kOperationsAtOnce = 100;
constexpr std::size_t kBytesAtOnce = std::size_t{256} << 10;

// An array of objects, whatever the limit is.
std::size_t depth_of(const Limits& limits) {
  return std::max<std::size_t>(limits.max_json_depth, 2);
}

// Reads a batch once more that has been found good, and runs each operation as soon as it is read.
class BatchRun final : public Work {
 public:
  // `text` must stay until keep() has been called.
  BatchRun(const Call& call, std::string_view text)
      : context_(call.context),
        rest_(text),
        scanner_(depth_of(call.context.limits)),
        reader_(call.context.limits),
        entry_(call.context),
        results_(call.request.may_be_answered_in_chunks()) {}

  // Moves out of what it was given.
  BatchRun(const Call& call, std::string&& text) : BatchRun(call, std::string_view()) {
    text_ = std::move(text);
    rest_ = text_;
  }

  // Copies what is still to be read. What a scanner has read it does not look at again.
  void keep() {
    if (!text_.empty()) return;
    text_ = rest_;
    rest_ = text_;
  }

  bool go_on() override {
    const std::size_t most_left = rest_.size() - std::min(rest_.size(), kBytesAtOnce);
    const std::size_t most_written = results_.size() + kBytesAtOnce;
    for (std::size_t i = 0; i < kOperationsAtOnce; ++i) {
      if (!read_next()) {
        results_.finish();
        return false;
      }
      run(reader_.operation());
      const bool is_enough = rest_.size() < most_left || results_.size() > most_written;
      if (is_enough || results_.ends_large()) return true;
    }
    return true;
  }

  // What has been run cannot be taken back, so a peer must be told of it.
  bool give_up(Error error) override {
    while (read_next()) results_.add_error(error, context_.limits);
    results_.finish();
    return true;
  }

  ContentPiece take_finished() override {
    const bool is_due =
        results_.is_finished() || results_.ends_large() || results_.size() >= kBytesAtOnce;
    return is_due ? results_.take() : ContentPiece();
  }

  Error reply(Reply& reply) override {
    reply.send(200, kJsonType, results_.take().text);
    return Error::none;
  }

  std::size_t memory_bytes() const noexcept override {
    return heap_bytes(text_) + reader_.memory_bytes() + entry_.memory_bytes() +
           results_.memory_bytes();
  }

 private:
  // False when there is no more operation.
  bool read_next() {
    while (scanner_.next(rest_)) {
      if (reader_.take(scanner_.event())) return true;
    }
    return false;
  }

  void run(const BatchOperation& operation);
  void get(const BatchOperation& operation, const PreparedKey& key);
  void put(const BatchOperation& operation, const PreparedKey& key);
  void add(const BatchOperation& operation, const PreparedKey& key);

  void add_outcome(Error error) {
    error == Error::none ? results_.add_status(204) : results_.add_error(error, context_.limits);
  }

  const Context& context_;
  std::string text_;
  std::string_view rest_;
  JsonScanner scanner_;
  OperationReader reader_;
  CopiedEntry entry_;
  BatchReply results_;
};

void BatchRun::run(const BatchOperation& operation) {
  using Kind = BatchOperation::Kind;
  if (operation.error != Error::none) return results_.add_error(operation.error, context_.limits);
  const PreparedKey key = context_.cache.prepare(operation.key);
  switch (operation.kind) {
    case Kind::get:
      return get(operation, key);
    case Kind::put:
      return put(operation, key);
    case Kind::incr:
      return add(operation, key);
    case Kind::delete_:
      return add_outcome(erase_entry(context_, key, operation.conditions));
    case Kind::touch:
      return add_outcome(renew_entry(context_, key, operation.conditions, operation.ttl));
  }
}

void BatchRun::get(const BatchOperation& operation, const PreparedKey& key) {
  std::optional<std::chrono::milliseconds> ttl;
  if (operation.ttl) ttl = context_.ttl.ttl_for(operation.ttl);
  entry_.begin(results_.room_for_values());
  // What cannot be shown is not changed.
  const Ruling ruling = show_and_change(context_, key, operation.conditions, true, entry_, [&] {
    Change change;
    if (entry_.has_room()) change.kind = Change::Kind::set_ttl;
    change.ttl = ttl;
    return change;
  });
  if (ruling.error != Error::none) {
    results_.add_error(ruling.error, context_.limits);
  } else if (!ruling.is_modified) {
    results_.add_tag(304, entry_.tag());
  } else if (!entry_.has_room()) {
    results_.add_error(Error::reply_too_large, context_.limits);
  } else {
    results_.add_entry(entry_, ttl);
  }
  entry_.let_go();
}

void BatchRun::put(const BatchOperation& operation, const PreparedKey& key) {
  const Stored stored =
      store_entry(context_, key, operation.conditions,
                  {.metadata = operation.metadata, .ttl = operation.ttl, .value = operation.value});
  if (stored.error != Error::none) return results_.add_error(stored.error, context_.limits);
  results_.add_tag(stored.is_new ? 201 : 204, stored.tag);
}

void BatchRun::add(const BatchOperation& operation, const PreparedKey& key) {
  const Sum sum = add_to_entry(context_, key, operation.conditions, operation.by, operation.initial,
                               operation.ttl);
  if (sum.error != Error::none) return results_.add_error(sum.error, context_.limits);
  results_.add_sum(sum.value, sum.tag);
}

// Of a batch that has arrived whole.
Error check(std::string_view text, const Limits& limits) {
  BatchCheck check(limits);
  const Error error = check.take(text);
  return error == Error::none ? check.finish() : error;
}

}  // namespace

BatchCheck::BatchCheck(const Limits& limits) noexcept
    : scanner_(depth_of(limits)), bytes_left_(limits.max_batch_bytes) {}

Error BatchCheck::take(std::string_view piece) {
  const bool is_too_large = piece.size() > bytes_left_;
  piece = piece.substr(0, bytes_left_);
  bytes_left_ -= piece.size();
  const Error error = scanner_.take(piece, [this](const JsonEvent& event) { return on(event); });
  return error == Error::none && is_too_large ? Error::batch_too_large : error;
}

Error BatchCheck::finish() {
  return scanner_.finish([this](const JsonEvent& event) { return on(event); });
}

Error BatchCheck::on(const JsonEvent& event) {
  const bool begins = event.kind == JsonKind::begin_object || event.kind == JsonKind::begin_array;
  const bool ends = event.kind == JsonKind::end_object || event.kind == JsonKind::end_array;
  if (depth_ == 0 && event.kind != JsonKind::begin_array) return Error::json_not_array;
  if (ends) {
    --depth_;
    return Error::none;
  }
  const bool is_element = depth_ == 1 && (event.kind != JsonKind::string || event.begins);
  if (begins) ++depth_;
  return is_element && ++operations_ > kMaxOperations ? Error::too_many_operations : Error::none;
}

std::unique_ptr<BodyReader> BatchBody::begin(const Context& context, const Request&) {
  return std::make_unique<BatchBody>(context.limits);
}

Error BatchBody::take(std::string_view piece) {
  const Error error = check_.take(piece);
  if (error == Error::none) append_in_steps(text_, piece);
  return error;
}

std::size_t BatchBody::memory_bytes() const noexcept { return sizeof *this + heap_bytes(text_); }

Error run_batch(const Call& call, Reply& reply) {
  auto* const body = static_cast<BatchBody*>(call.reader);
  Error error = body != nullptr ? body->finish() : check(call.body, call.context.limits);
  if (error == Error::none) error = rule_on_untagged(call.request).error;
  if (error != Error::none) return error;
  auto run = body != nullptr ? std::make_unique<BatchRun>(call, std::move(body->text()))
                             : std::make_unique<BatchRun>(call, call.body);
  if (run->go_on()) {
    run->keep();
    call.work = std::move(run);
  } else {
    return run->reply(reply);
  }
  return Error::none;
}

}  // namespace cubby::protocol
