// A connection in this process, for tests of /v1/keys/{key}: requests in few words, and replies
// that have been checked for what all of them have in common.

#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "support/loopback.hpp"
#include "support/reply_reader.hpp"

namespace cubby::test {

// What a client sends: "PUT /v1/keys/k?ttl=1", header fields with their line ends, and a body.
struct Asked {
  std::string line;
  std::string fields = {};
  std::string body = {};
};

// One of a conversation, and what comes back: the body, or of an error the name, as in
// "key-not-found".
struct Step {
  Asked asked;
  int status;
  std::string answer = {};
};

// The bytes of a request. It has a Content-Length when it has a body or its method wants one.
std::string bytes_of(const Asked& asked, std::string_view version = "HTTP/1.1");

// With its body in chunks of that size.
std::string chunked_bytes_of(const Asked& asked, std::size_t chunk);

// A JSON body for /put. `value` must be UTF-8.
std::string put_body(std::string_view key, std::string_view value, std::string_view more = "");

// The name of the problem that a reply tells of; empty when it tells of none.
std::string problem_of(const ReceivedReply& reply);

// What the tag of a value must be, by xxHash itself.
std::string tag_of(std::string_view value, std::string_view content_type,
                   std::string_view content_encoding = "");

inline constexpr std::string_view kText = "text/plain; charset=utf-8";
inline constexpr std::string_view kBytes = "application/octet-stream";

// What is wrong with any reply of this server, whatever was asked; empty when nothing is.
std::string flaws_of(const ReceivedReply& reply, bool is_v1);

class KeysTest : public ::testing::Test {
 protected:
  explicit KeysTest(const protocol::Limits& limits = {}, const protocol::TtlOptions& ttl = {})
      : world_(limits, ttl) {
    peer_.emplace(world_);
  }
  ~KeysTest() override { EXPECT_EQ(world_.cache.check_invariants(), ""); }

  // Sends a request in pieces of `piece` bytes, and reads the reply.
  ReceivedReply ask(const Asked& asked, std::size_t piece = ~std::size_t{0});
  ReceivedReply ask(const char* line) { return ask(Asked{line}); }
  ReceivedReply ask(const std::string& line) { return ask(Asked{line}); }

  // Likewise with the bytes of a request as they are.
  ReceivedReply exchange(std::string_view bytes, bool to_head = false, bool is_v1 = true,
                         std::size_t piece = ~std::size_t{0});

  // Goes on with another connection: the reply to the last request has ended this one.
  void reconnect() {
    EXPECT_TRUE(peer_->connection.finished());
    peer_.emplace(world_);
  }

  // Plays a conversation from a cache that is empty.
  void play(const std::vector<Step>& steps);

  void store(const std::string& segment, const std::string& value, std::string_view type = kText);

  // Lets time pass, by both clocks.
  void pass(std::chrono::milliseconds time);

  // As it lies in the cache, whatever is in front of it.
  std::optional<std::string> value_of(const std::string& segment);

  World world_;
  std::optional<Loopback> peer_;

 private:
  std::chrono::milliseconds passed_{0};
};

}  // namespace cubby::test
