#include "protocol/conformance.hpp"

#include <algorithm>
#include <stdexcept>

#include <gtest/gtest.h>

#include "support/reply_reader.hpp"

namespace cubby::test {
namespace {

constexpr std::string_view kKey = "behind";
constexpr std::string_view kBehind =
    "POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\n"
    R"({"key":"behind","value":"yes"})";

// A message that is longer is cut near its ends only.
constexpr std::size_t kLongBytes = 2048;
constexpr std::size_t kEdgeBytes = 64;

bool was_carried_out(World& world) {
  return world.cache.get(kKey, [](const ValueView&) {});
}

std::string describe(World& world, std::string_view received, const protocol::Connection& peer,
                     bool to_head) {
  std::vector<ReceivedReply> replies;
  while (const auto reply = read_reply(received, to_head && replies.empty())) {
    replies.push_back(*reply);
    received.remove_prefix(reply->size);
  }
  if (!received.empty()) return "no reply: " + printable(received);
  const bool followed = was_carried_out(world);
  if (replies.empty()) return peer.in_request() && !followed ? "waits" : "silence";
  const std::string status = std::to_string(replies.front().status);
  const std::string option = replies.front().field("Connection").value_or("");
  const bool is_followed = followed && replies.back().status == 200;
  if (replies.size() == 1 && peer.finished() && option == "close" && !followed) {
    return status + " closed";
  }
  if (replies.size() == 2 && !peer.finished() && option != "close" && is_followed) {
    return status + " open";
  }
  if (replies.size() == 1 && !peer.finished() && is_followed) return "ignored";
  return status + ", " + std::to_string(replies.size()) + " replies, " +
         (peer.finished() ? "closed" : "open") + (followed ? ", followed" : "");
}

std::string verdict_when_cut(World& world, const std::string& message,
                             const std::vector<std::size_t>& cuts) {
  world.cache.clear();
  Loopback peer(world);
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    peer.send(std::string_view(message).substr(begin, cut - begin));
    begin = cut;
  }
  peer.send(message.substr(begin).append(kBehind));
  return describe(world, without_interim_replies(peer.received), peer.connection,
                  message.starts_with("HEAD "));
}

}  // namespace

std::string verdict_on(World& world, const std::string& message) try {
  const std::string verdict = verdict_when_cut(world, message, {});
  // What the first time has left with the worker's connections must change nothing.
  if (std::string again = verdict_when_cut(world, message, {}); again != verdict) {
    return again.append(" when sent again, not ").append(verdict);
  }
  std::vector<std::size_t> every_cut;
  for (std::size_t cut = 1; cut <= message.size(); ++cut) {
    const bool is_inside = cut >= kEdgeBytes && cut + kEdgeBytes < message.size();
    if (message.size() > kLongBytes && is_inside) continue;
    every_cut.push_back(cut);
    std::string other = verdict_when_cut(world, message, {cut});
    if (other != verdict) return other.append(" when cut at ").append(std::to_string(cut));
  }
  std::string other = verdict_when_cut(world, message, every_cut);
  return other == verdict ? verdict : other.append(" byte by byte");
} catch (const std::runtime_error& problem) {
  return problem.what();
}

void expect_verdicts(const std::vector<Rule>& rules) {
  World world;
  for (const Rule& rule : rules) {
    for (const std::string& message : rule.messages) {
      EXPECT_EQ(verdict_on(world, message), rule.verdict) << printable(message.substr(0, 300));
    }
  }
  EXPECT_EQ(world.cache.check_invariants(), "");
}

std::vector<char> all_bytes_but(std::string_view text) {
  std::vector<char> bytes;
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    if (text.find(c) == std::string_view::npos) bytes.push_back(c);
  }
  return bytes;
}

std::string printable(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F) {
      result += c;
    } else {
      result += "\\x";
      result += kDigits[byte >> 4];
      result += kDigits[byte & 15];
    }
  }
  return result;
}

}  // namespace cubby::test
