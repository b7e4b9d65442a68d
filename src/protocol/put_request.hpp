// A /put on its way in.

#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include <cubby/cache.hpp>

#include "protocol/body_reader.hpp"
#include "protocol/context.hpp"
#include "protocol/error.hpp"
#include "protocol/metadata.hpp"
#include "protocol/put_reader.hpp"
#include "protocol/staged_value.hpp"

namespace cubby::protocol {

struct Request;

// Reads the body as it arrives and stores what it says. Errors: those of PutReader and StagedValue.
class PutRequest final : public BodyReader, private ValueSink {
 public:
  // `context` must outlive it.
  explicit PutRequest(const Context& context)
      : context_(context),
        reader_(context.limits, *this),
        value_(context.cache, {}, tag_seed_of({})) {}

  static std::unique_ptr<BodyReader> begin(const Context& context, const Request& request);

  // BodyReader:
  Error take(std::string_view piece) override { return reader_.take(piece); }
  Error keep() override { return reader_.keep(); }
  std::size_t memory_bytes() const noexcept override;
  std::size_t staged_bytes() const noexcept override { return value_.staged_bytes(); }

  // The body has ended: stores the entry.
  Error store();

 private:
  Error append(std::string_view piece) override { return value_.append(piece); }

  const Context& context_;
  PutReader reader_;
  StagedValue value_;
};

// As a PutRequest that takes `body`, which has arrived whole, and stores it.
Error store_put(const Context& context, std::string_view body);

}  // namespace cubby::protocol
