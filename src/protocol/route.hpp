// Which operation a request asks for.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "protocol/body_reader.hpp"
#include "protocol/error.hpp"
#include "protocol/form.hpp"
#include "protocol/limits.hpp"
#include "protocol/method.hpp"
#include "protocol/operation.hpp"
#include "protocol/parameters.hpp"
#include "protocol/request.hpp"
#include "protocol/service.hpp"
#include "protocol/uri.hpp"

namespace cubby::protocol {

// Where an operation has its key from.
enum class KeySource : std::uint8_t { none, query, path };

// A path in which "{key}" stands for one segment, which is the key, and a query of "?key=..." says
// that it is there.
class RoutePath {
 public:
  constexpr RoutePath(const char* text)  // NOLINT(google-explicit-constructor): for the table
      : described_(text), text_(described_.substr(0, described_.find('?'))) {
    const std::size_t key = text_.find(kKey);
    before_ = text_.substr(0, key);
    if (key != std::string_view::npos) behind_ = text_.substr(key + kKey.size());
    source_ = before_.size() < text_.size()      ? KeySource::path
              : text_.size() < described_.size() ? KeySource::query
                                                 : KeySource::none;
  }

  constexpr std::string_view text() const noexcept { return text_; }
  constexpr std::string_view described() const noexcept { return described_; }
  constexpr KeySource key_source() const noexcept { return source_; }
  // What there is before and behind the segment; the whole path where it has none.
  constexpr std::string_view before() const noexcept { return before_; }
  constexpr std::string_view behind() const noexcept { return behind_; }

 private:
  static constexpr std::string_view kKey = "{key}";

  std::string_view described_;
  std::string_view text_;
  std::string_view before_;
  std::string_view behind_;
  KeySource source_ = KeySource::none;
};

// The most bytes that a body may have, under these limits.
using BodyLimit = std::size_t (*)(const Limits& limits);

inline std::size_t any_body(const Limits& limits) { return limits.max_body_bytes(); }

// What an operation makes of a body.
struct BodyRule {
  // Makes the reader of one that does not arrive whole. Null: bodies are read and thrown away.
  std::unique_ptr<BodyReader> (*begin)(const Context& context, const Request& request) = nullptr;
  // Whether it may have a Content-Encoding; otherwise body_encoded.
  bool may_be_encoded = true;
  // One that is larger is not read. The error that it is.
  BodyLimit max_bytes = any_body;
  Error too_large = Error::body_too_large;
};

struct Route {
  Method method;  // GET stands for HEAD too
  RoutePath path;
  Service service;
  std::string_view docs;  // the heading in docs/api.md that it is under
  // Of the query: nothing says that all are ignored, the key excepted.
  std::optional<ParameterSet> parameters = {};
  BodyRule body = {};

  bool takes_body() const noexcept { return body.begin != nullptr; }
};

// Every one, but for OPTIONS.
std::span<const Route> routes() noexcept;

// Looks the path up and decodes the arguments into `operation`, which must be a new one: it is
// filled in where it will be used, because to copy one costs as much as to look the path up. The
// path is compared as it was sent, except that what need not be percent-encoded may be. OPTIONS has
// every known path, and "*".
//
// Errors, which are the operation's: unknown_method, bad_escape, unknown_path, wrong_method, and
// those of find_key(), check_key() and read_parameters().
void find_operation(Method method, const Target& target, const Limits& limits, KeyBuffer& buffer,
                    Operation& operation) noexcept;

// Whether the path begins with /v1, be there such a path or not: the errors of such requests have
// another shape.
bool is_of_v1(const Target& target) noexcept;

// "GET, HEAD, OPTIONS": the methods that the path has, for the Allow field; those of all paths
// together for "*".
std::string allowed_methods(std::string_view path);

// "POST /put, GET /get?key=..., ...": every route, for people.
std::string describe_routes();

}  // namespace cubby::protocol
