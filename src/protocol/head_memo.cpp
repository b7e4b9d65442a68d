#include "protocol/head_memo.hpp"

#include <algorithm>

#include "protocol/eight_bytes.hpp"
#include "protocol/uri.hpp"

namespace cubby::protocol {
namespace {

// A method of at most seven characters, one space, and a target in origin-form as far as it goes.
struct Opening {
  std::uint64_t method = 0;
  Target target;
  std::size_t size = 0;  // in bytes; 0 when the head begins in another way
};

Opening read_opening(std::string_view text, const Limits& limits) {
  Opening opening;
  if (text.size() <= 8) return opening;
  const std::uint64_t eight = load_eight(text.data());
  const std::size_t space = first_marked(mark_below(eight ^ (kOnes * ' '), 1));
  if (space == 0 || space == 8 || text[space + 1] != '/') return opening;
  const std::size_t target_begin = space + 1;
  const std::size_t target_size = take_path_and_query(text.substr(target_begin), opening.target);
  if (target_size > limits.max_target_bytes) return opening;
  // The space belongs to it, or a method would be the same with zero bytes behind it.
  opening.method = eight & (~std::uint64_t{0} >> (8 * (7 - space)));
  opening.size = target_begin + target_size;
  return opening;
}

}  // namespace

// Invariants: the tail of a head that is kept begins with the space behind the target. So where the
// tail is the same, the target ends where read_opening() says, and has no character that it must
// not have.

std::size_t HeadMemo::recall(std::string_view input, const Limits& limits,
                             RequestHead& head) noexcept {
  const Opening opening = read_opening(input, limits);
  if (opening.size == 0) return 0;
  const std::string_view rest = input.substr(opening.size);
  for (Kept& kept : kept_) {
    const std::string_view tail(kept.tail.data(), kept.tail_size);
    if (kept.method != opening.method || !rest.starts_with(tail)) continue;
    const std::size_t size = opening.size + tail.size();
    if (size > limits.max_header_bytes) return 0;
    kept.last_used = ++uses_;
    head = kept.head;
    head.target = opening.target;
    return size;
  }
  return 0;
}

void HeadMemo::keep(std::string_view text, const Limits& limits, const RequestHead& head) noexcept {
  // The target of CONNECT is not looked at.
  if (head.method == Method::connect) return;
  const Opening opening = read_opening(text, limits);
  const std::string_view tail = text.substr(opening.size);
  if (opening.size == 0 || tail.size() > kMaxTailBytes) return;
  Kept& kept = place_for(opening.method, tail);
  kept.method = opening.method;
  kept.last_used = ++uses_;
  kept.head = head;
  kept.head.target = {};
  kept.tail_size = tail.copy(kept.tail.data(), kept.tail.size());
}

// Where it is kept already, because it came in pieces and was not recalled; or else where what was
// used longest ago is.
HeadMemo::Kept& HeadMemo::place_for(std::uint64_t method, std::string_view tail) noexcept {
  const auto same = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) {
    return kept.method == method && std::string_view(kept.tail.data(), kept.tail_size) == tail;
  });
  if (same != kept_.end()) return *same;
  return *std::min_element(kept_.begin(), kept_.end(),
                           [](const Kept& a, const Kept& b) { return a.last_used < b.last_used; });
}

}  // namespace cubby::protocol
