// Sends batches to a connection in this process.

#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "protocol/connection.hpp"
#include "support/loopback.hpp"
#include "support/reply_reader.hpp"

namespace cubby::test {

inline std::string batch_head(std::size_t body_bytes) {
  return "POST /v1/batch HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body_bytes) +
         "\r\n\r\n";
}

// The reply to a batch on a new connection, which gets it in one piece.
inline ReceivedReply send_batch(World& world, const std::string& body) {
  Loopback peer(world);
  peer.send(batch_head(body.size()) + body);
  return read_reply(peer.received).value_or(ReceivedReply{});
}

// The results of a batch that is none but for its operations.
inline nlohmann::json results_of(World& world, const std::string& body) {
  const ReceivedReply reply = send_batch(world, body);
  EXPECT_EQ(reply.status, 200) << body.substr(0, 1000) << reply.body;
  EXPECT_EQ(reply.field("Content-Type"), "application/json; charset=utf-8");
  const auto results = nlohmann::json::parse(reply.body, nullptr, false);
  EXPECT_TRUE(results.is_array()) << reply.body.substr(0, 1000);
  return results;
}

}  // namespace cubby::test
