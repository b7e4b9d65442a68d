#include "support/reply_reader.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <stdexcept>

namespace cubby::test {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

std::size_t to_number(std::string_view text, int base = 10) {
  std::size_t number = 0;
  const auto [stop, problem] =
      std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (problem != std::errc{} || stop != text.data() + text.size()) {
    throw std::runtime_error("not a number: " + std::string(text));
  }
  return number;
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 2);
  return line;
}

// Appends the chunks to `body` and returns what they take in all. Nothing when they are not whole.
std::optional<std::size_t> read_chunks(std::string_view bytes, std::string& body) {
  const std::size_t all = bytes.size();
  while (true) {
    if (bytes.find("\r\n") == std::string_view::npos) return std::nullopt;
    const std::size_t size = to_number(take_line(bytes), 16);
    if (bytes.size() < size + 2) return std::nullopt;
    if (bytes.substr(size, 2) != "\r\n") throw std::runtime_error("a chunk that does not end");
    body.append(bytes.substr(0, size));
    bytes.remove_prefix(size + 2);
    if (size == 0) return all - bytes.size();
  }
}

}  // namespace

std::optional<std::string> ReceivedReply::field(std::string_view name) const {
  for (const auto& [field_name, value] : fields) {
    if (same_name(field_name, name)) return value;
  }
  return std::nullopt;
}

std::optional<ReceivedReply> read_reply(std::string_view bytes, bool to_head) {
  const std::size_t head_end = bytes.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return std::nullopt;
  std::string_view head = bytes.substr(0, head_end + 2);
  const std::string_view status_line = take_line(head);
  if (!status_line.starts_with("HTTP/1.1 ") || status_line.size() < 13) {
    throw std::runtime_error("not a status line: " + std::string(status_line));
  }
  ReceivedReply reply;
  reply.status = static_cast<int>(to_number(status_line.substr(9, 3)));
  while (!head.empty()) {
    const std::string_view line = take_line(head);
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) {
      throw std::runtime_error("not a field: " + std::string(line));
    }
    reply.fields.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  const std::string_view rest = bytes.substr(head_end + 4);
  std::size_t body_size = 0;
  const bool has_content = reply.status >= 200 && reply.status != 204 && reply.status != 304;
  if (!to_head && has_content && reply.field("Transfer-Encoding") == "chunked") {
    const auto size = read_chunks(rest, reply.body);
    if (!size) return std::nullopt;
    if (reply.field("Content-Length")) throw std::runtime_error("chunks with Content-Length");
    reply.size = head_end + 4 + *size;
    return reply;
  }
  if (!to_head && has_content) {
    const auto length = reply.field("Content-Length");
    if (!length) throw std::runtime_error("a reply without Content-Length");
    body_size = to_number(*length);
  }
  if (rest.size() < body_size) return std::nullopt;
  reply.body = rest.substr(0, body_size);
  reply.size = head_end + 4 + body_size;
  return reply;
}

std::string without_interim_replies(std::string_view bytes) {
  std::string result(bytes);
  for (auto at = result.find(kContinue); at != std::string::npos; at = result.find(kContinue, at)) {
    result.erase(at, kContinue.size());
  }
  return result;
}

}  // namespace cubby::test
