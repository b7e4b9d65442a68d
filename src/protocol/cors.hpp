// Which pages of other origins may read the replies: the server's side of the CORS protocol (Fetch
// standard, section 3.3).

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/request.hpp"

namespace cubby::protocol {

inline constexpr std::string_view kAnyOrigin = "*";

// scheme "://" host [ ":" port ] as browsers write it in Origin: in lower case, without a port that
// is the scheme's own. Nothing when `text` is anything else: has a path, or is "null", which pages
// of anybody can have for their origin.
std::optional<std::string> read_origin(std::string_view text);

// Browsers ask and are told here; nothing is refused for its origin. Requests carry no credentials
// as far as cubby is concerned, so none are allowed.
//
// Thread safety: const after construction; shared by all.
class Cors {
 public:
  // Each is a result of read_origin(), or the only one is kAnyOrigin. With none, no origin is
  // allowed.
  explicit Cors(const std::vector<std::string>& origins);

  // The header fields that the reply to this request has in any case, each with its line end. They
  // hold nothing of the request, and live as long as this does. Allocates nothing.
  //
  // Where some origins are allowed, all replies say that they depend on it, and where all are, all
  // say that: what a cache keeps of an answer to one page is right for every other.
  std::string_view fields_for(const Request& request) const noexcept;

  // Whether this OPTIONS asks what a page may send, and the page's origin is allowed.
  bool is_preflight(const Request& request) const noexcept;

  // Further fields for the reply to it. `methods` are those of the path.
  static std::string preflight_fields(std::string_view methods);

 private:
  struct Allowed {
    std::string origin;
    std::string fields;
  };

  const Allowed* find(const Request& request) const noexcept;

  bool allows_any_ = false;
  std::vector<Allowed> allowed_;
  std::string other_fields_;  // where none of those is the request's
};

}  // namespace cubby::protocol
