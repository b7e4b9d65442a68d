// A /put on its way in.

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <cubby/cache.hpp>

#include "protocol/body_reader.hpp"
#include "protocol/context.hpp"
#include "protocol/error.hpp"
#include "protocol/put_reader.hpp"

namespace cubby::protocol {

struct Request;

// A value up to this size is collected in a text of its own.
inline constexpr std::size_t kCollectedBytes = std::size_t{32} << 10;

// Reads the body as it arrives and stores what it says. What of the value has to be kept until the
// rest is there is kept where it can be put from: little in a text of its own, more in the cache's
// memory, charged to its budget.
//
// Errors: those of PutReader; value_does_not_fit as soon as that is certain; no_room.
class PutRequest final : public BodyReader, private ValueSink {
 public:
  // `context` must outlive it.
  explicit PutRequest(const Context& context)
      : context_(context), reader_(context.limits, *this), pages_(context.cache) {}

  static std::unique_ptr<BodyReader> begin(const Context& context, const Request& request);

  // BodyReader:
  Error take(std::string_view piece) override { return reader_.take(piece); }
  Error keep() override { return reader_.keep(); }
  std::size_t memory_bytes() const noexcept override;
  std::size_t staged_bytes() const noexcept override { return pages_.memory_bytes(); }

  // The body has ended: stores the entry.
  Error store();

 private:
  Error append(std::string_view piece) override;
  Error append_to_pages(std::string_view piece);

  const Context& context_;
  PutReader reader_;
  // The value, as long as it is small, and when it is not.
  std::string text_;
  ValueWriter pages_;
};

// As a PutRequest that takes `body`, which has arrived whole, and stores it.
Error store_put(const Context& context, std::string_view body);

}  // namespace cubby::protocol
