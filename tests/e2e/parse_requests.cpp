// Says how cubby reads requests, for a test that compares it with other parsers.
//
// Standard input is cases: four bytes of length, the least first, and so many bytes. For each there
// is a line of JSON on standard output: the requests at its beginning that are read and obeyed, and
// whether nothing was left. Texts are in hexadecimal.

#include <array>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/chunk_decoder.hpp"
#include "protocol/connection.hpp"
#include "protocol/head_parser.hpp"
#include "support/loopback.hpp"

namespace {

using namespace cubby;

struct Request {
  protocol::RequestHead head;
  std::size_t fields = 0;
  std::string body;
  std::size_t size = 0;
};

std::string in_hex(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::size_t count_lines(std::string_view text) {
  std::size_t count = 0;
  for (auto at = text.find("\r\n"); at != text.npos; at = text.find("\r\n", at + 2)) ++count;
  return count;
}

// False when the body is not whole.
bool read_body(std::string_view rest, const protocol::Limits& limits, Request& request) {
  if (!request.head.chunked) {
    if (rest.size() < request.head.content_length) return false;
    request.body = rest.substr(0, static_cast<std::size_t>(request.head.content_length));
    request.size += request.body.size();
    return true;
  }
  protocol::ChunkDecoder decoder(limits);
  std::string_view data;
  while (!rest.empty() && !decoder.done() && decoder.error() == protocol::Error::none) {
    const std::size_t used = decoder.decode(rest, data);
    request.body += data;
    request.size += used;
    rest.remove_prefix(used);
  }
  return decoder.done();
}

// The request at the beginning of `input`, when it is whole.
std::optional<Request> read_request(std::string_view input, const protocol::Limits& limits) {
  Request request;
  if (input.starts_with("\r\n")) request.size = 2;
  input.remove_prefix(request.size);
  const auto result = protocol::HeadParser().parse(input, limits, nullptr, request.head);
  if (result.status != protocol::HeadResult::Status::complete) return std::nullopt;
  request.fields = count_lines(input.substr(0, result.size)) - 2;
  request.size += result.size;
  if (!read_body(input.substr(result.size), limits, request)) return std::nullopt;
  return request;
}

std::string to_json(const Request& request, bool keep_alive) {
  std::string target(request.head.target.path);
  // An empty query differs from none by what is before it in the head.
  const std::string_view query = request.head.target.query;
  if (query.data() != nullptr && *(query.data() - 1) == '?') target.append("?").append(query);
  return "{\"method\":\"" + std::string(name_of(request.head.method)) + "\",\"target\":\"" +
         in_hex(target) + "\",\"fields\":" + std::to_string(request.fields) + ",\"body\":\"" +
         in_hex(request.body) + "\",\"keep_alive\":" + (keep_alive ? "true" : "false") + "}";
}

// A cap of one byte makes the connection answer one request at a time, so that where the next one
// begins is what it says itself.
std::string read_case(std::string_view input) {
  using protocol::Method;
  static test::World world;
  world.context.output_cap_bytes = 1;
  protocol::Connection connection(world.context);
  std::string list;
  while (!connection.finished()) {
    std::string output;
    const std::size_t used = connection.receive(input, output);
    if (connection.in_request() && !connection.has_more()) break;
    const auto request = read_request(input, world.limits);
    if (!request || request->size != used) break;
    const bool refused = connection.finished() && request->head.keep_alive;
    const Method method = request->head.method;
    if (refused || method == Method::unknown || method == Method::connect) break;
    list += (list.empty() ? "" : ",") + to_json(*request, !connection.finished());
    input.remove_prefix(used);
  }
  return "{\"requests\":[" + list + "],\"whole\":" + (input.empty() ? "true" : "false") + "}";
}

}  // namespace

int main() {
  std::array<unsigned char, 4> length{};
  std::string input;
  while (std::cin.read(reinterpret_cast<char*>(length.data()), length.size())) {
    input.resize(length[0] | std::size_t{length[1]} << 8 | std::size_t{length[2]} << 16);
    if (!std::cin.read(input.data(), static_cast<std::streamsize>(input.size()))) return 1;
    std::puts(read_case(input).c_str());
  }
  return 0;
}
