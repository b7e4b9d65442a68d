// The requests of one input that can be read before the first of them is answered.

#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include <boost/container/static_vector.hpp>

#include <cubby/cache.hpp>

#include "protocol/context.hpp"
#include "protocol/request.hpp"

namespace cubby::protocol {

// Most of the time that a cache takes goes into waiting for memory, and the keys of pipelined
// requests can be waited for together. To look ahead changes nothing but that: it does not run the
// requests, and where it stops they are read one by one.
//
// Thread safety: none.
class LookAhead {
 public:
  static constexpr std::size_t kMost = 16;

  // Reads the requests at the beginning of `input` up to the first that has not arrived whole, is
  // not like one before (see HeadMemo), or has a target that must be decoded, a chunked body or an
  // expectation; but no more than `most`. Begins to fetch what their keys lead to. The context must
  // have a memo.
  LookAhead(const Context& context, std::string_view input, std::size_t most);

  std::span<const Request> requests() const noexcept { return requests_; }

 private:
  // Returns the size of the request at the beginning of `input` in bytes, or 0 to stop before it.
  std::size_t read(const Context& context, std::string_view input, Request& request);

  boost::container::static_vector<Request, kMost> requests_;
  boost::container::static_vector<PreparedKey, kMost> keys_;
};

}  // namespace cubby::protocol
