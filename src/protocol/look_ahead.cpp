#include "protocol/look_ahead.hpp"

#include <algorithm>

#include "protocol/head_memo.hpp"
#include "protocol/route.hpp"

namespace cubby::protocol {

LookAhead::LookAhead(const Context& context, std::string_view input, std::size_t most) {
  most = std::min(most, kMost);
  while (requests_.size() < most) {
    const std::size_t size = read(context, input, requests_.emplace_back());
    if (size == 0) {
      requests_.pop_back();
      break;
    }
    input.remove_prefix(size);
  }
  if (keys_.size() > 1) context.cache.prefetch({keys_.data(), keys_.size()});
}

std::size_t LookAhead::read(const Context& context, std::string_view input, Request& request) {
  const RequestHead& head = request.head;
  const std::size_t head_size = context.heads->recall(input, context.limits, request.head);
  const bool is_simple = head_size > 0 && head.target.is_plain && !head.chunked &&
                         head.expectation == Expectation::none &&
                         head.content_length <= input.size() - head_size;
  if (!is_simple) return 0;
  request.text = input.substr(0, head_size);
  KeyBuffer unused;
  find_operation(head.method, head.target, context.limits, unused, request.operation);
  if (!request.operation.key.empty()) {
    request.key = context.cache.prepare(request.operation.key);
    keys_.push_back(request.key);
  }
  return head_size + static_cast<std::size_t>(head.content_length);
}

}  // namespace cubby::protocol
