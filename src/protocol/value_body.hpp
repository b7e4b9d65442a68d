// Bodies that are values, or become part of one.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/body_reader.hpp"
#include "protocol/context.hpp"
#include "protocol/front.hpp"
#include "protocol/heap_bytes.hpp"
#include "protocol/metadata.hpp"
#include "protocol/request.hpp"
#include "protocol/staged_value.hpp"
#include "protocol/text_probe.hpp"

namespace cubby::protocol {

// What the head says of the body. Its views are into the head. Errors: bad_content_type,
// bad_content_encoding, partial_value.
Error read_metadata_of_body(const Request& request, Metadata& metadata);

// The entry that a request depends on. It must not go for the room that the request's own body
// takes, however slowly that comes.
class NeededEntry {
 public:
  // Copies the key.
  NeededEntry(Cache& cache, std::string_view key) : cache_(cache), key_(key) {}

  // Makes it the most recently used, if there is one. Errors: those of check_room() for `more`
  // bytes, which make a value of so many.
  Error stay(std::size_t value_bytes, std::size_t more);

  std::size_t memory_bytes() const noexcept { return heap_bytes(key_); }

 private:
  Cache& cache_;
  std::string key_;
};

// Takes a body that is to be stored as it is. How large that may be is for its route. Errors: those
// of read_metadata_of_body() and of StagedValue; value_does_not_fit, no_room.
class ValueBody final : public BodyReader {
 public:
  static std::unique_ptr<BodyReader> begin(const Context& context, const Request& request);

  Error take(std::string_view piece) override;
  Error keep() override { return Error::none; }
  std::size_t memory_bytes() const noexcept override {
    return sizeof *this + value_.memory_bytes() + (needed_ ? needed_->memory_bytes() : 0);
  }
  std::size_t staged_bytes() const noexcept override { return value_.staged_bytes(); }

  // The body has ended: what goes in front of it is complete.
  StagedValue& finish() noexcept;
  const TextProbe& probe() const noexcept { return probe_; }

 private:
  ValueBody(const Context& context, const Request& request, const Metadata& metadata, Error error);

  Error make_sure_of_room(const Context& context, const Request& request);

  Error error_;                        // of the head
  std::optional<NeededEntry> needed_;  // under conditions
  Front front_;
  StagedValue value_;
  TextProbe probe_;
};

// Collects a body that is to be joined to an entry, in memory of its own. How large that may be is
// for its route. Errors: value_does_not_fit, no_room.
class TextBody final : public BodyReader {
 public:
  static std::unique_ptr<BodyReader> begin(const Context& context, const Request& request);

  Error take(std::string_view piece) override;
  Error keep() override { return Error::none; }
  std::size_t memory_bytes() const noexcept override;
  std::size_t staged_bytes() const noexcept override { return 0; }

  std::string_view text() const noexcept { return text_; }
  std::string take_text() noexcept { return std::move(text_); }

 private:
  TextBody(Cache& cache, std::string_view key, Error error) : error_(error), needed_(cache, key) {}

  const Error error_;  // of the head
  NeededEntry needed_;
  std::string text_;
};

}  // namespace cubby::protocol
