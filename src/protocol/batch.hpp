// POST /v1/batch: many operations in one request.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "protocol/body_reader.hpp"
#include "protocol/context.hpp"
#include "protocol/error.hpp"
#include "protocol/json_scanner.hpp"
#include "protocol/limits.hpp"
#include "protocol/reply.hpp"
#include "protocol/service.hpp"

namespace cubby::protocol {

inline constexpr std::size_t kMaxOperations = 1000;

// Looks at the text of a batch, which comes in pieces of any size: it must be a JSON array of at
// most kMaxOperations elements, in at most Limits::max_batch_bytes. What they are is not looked at.
//
// Errors, each at the byte that shows it: those of JsonScanner, json_not_array,
// too_many_operations, batch_too_large. After one it must not be used.
class BatchCheck {
 public:
  explicit BatchCheck(const Limits& limits) noexcept;

  Error take(std::string_view piece);
  Error finish();

 private:
  Error on(const JsonEvent& event);

  JsonScanner scanner_;
  std::size_t bytes_left_;
  std::size_t depth_ = 0;
  std::size_t operations_ = 0;
};

// Checks and collects a batch. Errors: those of BatchCheck.
class BatchBody final : public BodyReader {
 public:
  static std::unique_ptr<BodyReader> begin(const Context& context, const Request& request);

  explicit BatchBody(const Limits& limits) noexcept : check_(limits) {}

  Error take(std::string_view piece) override;
  Error keep() override { return Error::none; }
  std::size_t memory_bytes() const noexcept override;
  std::size_t staged_bytes() const noexcept override { return 0; }

  // The body has ended.
  Error finish() { return check_.finish(); }
  std::string& text() noexcept { return text_; }

 private:
  BatchCheck check_;
  std::string text_;
};

// Runs the operations in their order, each for itself, and answers with a JSON array of as many
// results. Nothing is run when there is an error. Errors: those of BatchCheck;
// precondition_failed, bad_etag.
Error run_batch(const Call& call, Reply& reply);

}  // namespace cubby::protocol
