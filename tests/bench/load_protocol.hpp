// What the load says to a server and how it reads the answers: cubby's HTTP and the text protocols
// of Redis and memcached.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cubby::bench {

enum class Protocol : std::uint8_t {
  cubby,      // POST /put and GET /get
  cubby_v1,   // PUT and GET /v1/keys/{key}
  redis,      // RESP
  memcached,  // the text protocol
};

// Throws std::runtime_error when there is no such protocol.
Protocol protocol_named(std::string_view name);

// Thread safety: none.
class Requests {
 public:
  Requests(Protocol protocol, std::size_t value_bytes);

  void append_get(std::string& out, std::uint64_t key);
  void append_put(std::string& out, std::uint64_t key);

 private:
  // A request as it is sent, but for the digits of its key.
  struct Template {
    std::string text;
    std::size_t digits_at = 0;
  };

  static Template make(const std::string& before, const std::string& after);
  static void append(std::string& out, const Template& request, std::uint64_t key);

  Template get_;
  Template put_;
};

struct Reply {
  std::size_t bytes;
  bool good;  // stored, or found
};

// The reply that begins with `text`, of which the last bytes may be missing; nothing as long as its
// length cannot be told. Throws std::runtime_error when it is none.
std::optional<Reply> read_reply(Protocol protocol, std::string_view text);

}  // namespace cubby::bench
