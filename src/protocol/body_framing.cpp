#include "protocol/body_framing.hpp"

#include <algorithm>

namespace cubby::protocol {

std::size_t BodyFraming::take(std::string_view input, std::string_view& data) {
  std::size_t used = 0;
  if (chunked_) {
    used = decoder_.decode(input, data);
  } else {
    used = static_cast<std::size_t>(std::min<std::uint64_t>(left(), input.size()));
    data = input.substr(0, used);
  }
  received_ += data.size();
  return used;
}

}  // namespace cubby::protocol
