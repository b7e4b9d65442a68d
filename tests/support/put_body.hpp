// Reads the bodies of puts: with the reader, in pieces, and with a reference made from nlohmann's
// parser.

#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/limits.hpp"

namespace cubby::test {

// What a body says; of the other fields nothing is said when there is an error.
struct PutBody {
  protocol::Error error = protocol::Error::none;
  std::string key = {};
  std::string value = {};
  std::optional<std::chrono::milliseconds> ttl = std::nullopt;
  std::size_t escaped_value_size = 0;

  bool operator==(const PutBody&) const = default;
};

// Reads `body` in pieces that end at `cuts`. Each is gone before the next when they are `kept`, and
// otherwise all stay.
PutBody read_put(std::string_view body, const protocol::Limits& limits = {},
                 const std::vector<std::size_t>& cuts = {}, bool kept = true);

// What read_plain_put() says of it. Where that is anything, it must be what read_put() gives.
std::optional<PutBody> read_plain(std::string_view body, const protocol::Limits& limits = {});

// What read_put() should give. Where a body is wrong in two ways, one of which is bad_json, the
// other may come first. Nothing where nlohmann's parser is known to differ; see reference_scan().
std::optional<PutBody> reference_put(std::string_view body, const protocol::Limits& limits = {});

// Whether a result is what the reference allows.
bool agrees(const PutBody& got, const PutBody& reference);

}  // namespace cubby::test
