#include "load_protocol.hpp"

#include <charconv>
#include <stdexcept>

namespace cubby::bench {
namespace {

const std::string kHost = "Host: 127.0.0.1\r\n";
constexpr std::string_view kLine = "\r\n";
constexpr std::string_view kKeyStart = "user:";
constexpr std::size_t kKeyDigits = 10;

std::size_t number_at(std::string_view text) {
  std::size_t number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) {
    throw std::runtime_error("no number where the reply's length should be");
  }
  return number;
}

std::optional<Reply> read_http(std::string_view text) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  const std::size_t end = text.find(kEnd);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view head = text.substr(0, end);
  const std::size_t size = end + kEnd.size();
  if (head.starts_with("HTTP/1.1 204 ")) return Reply{size, true};
  const std::size_t length = head.find(kLength);
  if (length == std::string_view::npos) throw std::runtime_error("a reply without its length");
  return Reply{size + number_at(head.substr(length + kLength.size())),
               head.starts_with("HTTP/1.1 200 ") || head.starts_with("HTTP/1.1 201 ")};
}

std::optional<Reply> read_redis(std::string_view text) {
  const std::size_t line = text.find(kLine);
  if (line == std::string_view::npos) return std::nullopt;
  const std::size_t rest = line + kLine.size();
  if (text.front() == '+') return Reply{rest, true};
  if (text.front() == '-' || text.starts_with("$-1")) return Reply{rest, false};
  if (text.front() != '$') throw std::runtime_error("not a reply of Redis");
  return Reply{rest + number_at(text.substr(1, line)) + kLine.size(), true};
}

// VALUE <key> <flags> <bytes>, the value, END; or one line that says something else.
std::optional<Reply> read_memcached(std::string_view text) {
  constexpr std::string_view kEnd = "END\r\n";
  const std::size_t line = text.find(kLine);
  if (line == std::string_view::npos) return std::nullopt;
  const std::size_t rest = line + kLine.size();
  const std::string_view first = text.substr(0, line);
  if (!first.starts_with("VALUE ")) return Reply{rest, first == "STORED"};
  const std::size_t length = number_at(first.substr(first.rfind(' ') + 1));
  return Reply{rest + length + kLine.size() + kEnd.size(), true};
}

}  // namespace

Protocol protocol_named(std::string_view name) {
  if (name == "cubby") return Protocol::cubby;
  if (name == "cubby-v1") return Protocol::cubby_v1;
  if (name == "redis") return Protocol::redis;
  if (name == "memcached") return Protocol::memcached;
  throw std::runtime_error("there is no protocol " + std::string(name));
}

Requests::Requests(Protocol protocol, std::size_t value_bytes) {
  const std::string key(kKeyStart);
  const std::string value(value_bytes, 'v');
  const std::string length = std::to_string(value_bytes);
  const std::string key_length = std::to_string(kKeyStart.size() + kKeyDigits);
  switch (protocol) {
    case Protocol::cubby: {
      const std::string body = R"({"key":")" + key;
      const std::string rest = R"(","value":")" + value + "\"}";
      get_ = make("GET /get?key=" + key, " HTTP/1.1\r\n" + kHost + "\r\n");
      put_ = make("POST /put HTTP/1.1\r\n" + kHost +
                      "Content-Type: application/json\r\nContent-Length: " +
                      std::to_string(body.size() + kKeyDigits + rest.size()) + "\r\n\r\n" + body,
                  rest);
      break;
    }
    case Protocol::cubby_v1:
      get_ = make("GET /v1/keys/" + key, " HTTP/1.1\r\n" + kHost + "\r\n");
      put_ = make("PUT /v1/keys/" + key,
                  " HTTP/1.1\r\n" + kHost +
                      "Content-Type: text/plain\r\nContent-Length: " + length + "\r\n\r\n" + value);
      break;
    case Protocol::redis:
      get_ = make("*2\r\n$3\r\nGET\r\n$" + key_length + "\r\n" + key, "\r\n");
      put_ = make("*3\r\n$3\r\nSET\r\n$" + key_length + "\r\n" + key,
                  "\r\n$" + length + "\r\n" + value + "\r\n");
      break;
    case Protocol::memcached:
      get_ = make("get " + key, "\r\n");
      put_ = make("set " + key, " 0 0 " + length + "\r\n" + value + "\r\n");
      break;
  }
}

void Requests::append_get(std::string& out, std::uint64_t key) { append(out, get_, key); }

void Requests::append_put(std::string& out, std::uint64_t key) { append(out, put_, key); }

Requests::Template Requests::make(const std::string& before, const std::string& after) {
  return {before + std::string(kKeyDigits, '0') + after, before.size()};
}

void Requests::append(std::string& out, const Template& request, std::uint64_t key) {
  const std::size_t begin = out.size();
  out += request.text;
  for (std::size_t at = begin + request.digits_at + kKeyDigits; key > 0; key /= 10) {
    out[--at] = static_cast<char>('0' + key % 10);
  }
}

std::optional<Reply> read_reply(Protocol protocol, std::string_view text) {
  switch (protocol) {
    case Protocol::cubby:
    case Protocol::cubby_v1:
      return read_http(text);
    case Protocol::redis:
      return read_redis(text);
    case Protocol::memcached:
      return read_memcached(text);
  }
  throw std::logic_error("no such protocol");
}

}  // namespace cubby::bench
