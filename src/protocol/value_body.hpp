// Bodies that are values, or become part of one.

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/body_reader.hpp"
#include "protocol/context.hpp"
#include "protocol/front.hpp"
#include "protocol/metadata.hpp"
#include "protocol/request.hpp"
#include "protocol/staged_value.hpp"
#include "protocol/text_probe.hpp"

namespace cubby::protocol {

// What the head says of the body. Its views are into the head. Errors: bad_content_type,
// bad_content_encoding, partial_value.
Error read_metadata_of_body(const Request& request, Metadata& metadata);

// Takes a body that is to be stored as it is. How large that may be is for its route. Errors: those
// of read_metadata_of_body() and of StagedValue.
class ValueBody final : public BodyReader {
 public:
  static std::unique_ptr<BodyReader> begin(const Context& context, const Request& request);

  Error take(std::string_view piece) override;
  Error keep() override { return Error::none; }
  std::size_t memory_bytes() const noexcept override {
    return sizeof *this + value_.memory_bytes();
  }
  std::size_t staged_bytes() const noexcept override { return value_.staged_bytes(); }

  // The body has ended: what goes in front of it is complete.
  StagedValue& finish() noexcept;
  const TextProbe& probe() const noexcept { return probe_; }

 private:
  ValueBody(const Context& context, const Request& request, const Metadata& metadata, Error error);

  const Error error_;  // of the head
  Front front_;
  StagedValue value_;
  TextProbe probe_;
};

// Collects a body that is to be joined to an entry, in memory of its own. How large that may be is
// for its route. No errors.
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
  std::string text_;
};

}  // namespace cubby::protocol
