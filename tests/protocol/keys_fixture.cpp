#define XXH_INLINE_ALL
#include "protocol/keys_fixture.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include <nlohmann/json.hpp>
#include <xxhash.h>

namespace cubby::test {
namespace {

constexpr std::string_view kProblemPrefix = "urn:cubby:error:";

bool wants_length(std::string_view line) { return line.starts_with("P"); }

std::string head_of(const Asked& asked, std::string_view framing, std::string_view version) {
  return asked.line + " " + std::string(version) + "\r\nHost: a\r\n" + asked.fields +
         std::string(framing) + "\r\n";
}

bool is_v1(std::string_view line) { return line.find(" /v1") != std::string_view::npos; }

// RFC 9457, and docs/api.md.
std::string flaws_of_problem(const ReceivedReply& reply) {
  const auto problem = nlohmann::json::parse(reply.body, nullptr, false);
  if (!problem.is_object()) return "a problem that is no object: " + reply.body;
  if (problem.value("status", 0) != reply.status) return "another status: " + reply.body;
  for (const char* member : {"title", "detail", "type"}) {
    if (!problem.contains(member) || !problem[member].is_string() ||
        problem[member].get<std::string>().empty()) {
      return std::string("no ") + member + ": " + reply.body;
    }
  }
  if (!problem["type"].get<std::string>().starts_with(kProblemPrefix)) {
    return "a strange type: " + reply.body;
  }
  return {};
}

}  // namespace

std::string bytes_of(const Asked& asked, std::string_view version) {
  std::string framing;
  if (!asked.body.empty() || wants_length(asked.line)) {
    framing = "Content-Length: " + std::to_string(asked.body.size()) + "\r\n";
  }
  return head_of(asked, framing, version) + asked.body;
}

std::string chunked_bytes_of(const Asked& asked, std::size_t chunk) {
  std::string bytes = head_of(asked, "Transfer-Encoding: chunked\r\n", "HTTP/1.1");
  std::string_view rest = asked.body;
  while (!rest.empty()) {
    const std::string_view piece = rest.substr(0, chunk);
    std::array<char, 20> size;
    std::snprintf(size.data(), size.size(), "%zx\r\n", piece.size());
    bytes.append(size.data()).append(piece).append("\r\n");
    rest.remove_prefix(piece.size());
  }
  return bytes + "0\r\n\r\n";
}

std::string put_body(std::string_view key, std::string_view value, std::string_view more) {
  return R"({"key":)" + nlohmann::json(key).dump() + R"(,"value":)" + nlohmann::json(value).dump() +
         std::string(more) + "}";
}

std::string problem_of(const ReceivedReply& reply) {
  const auto problem = nlohmann::json::parse(reply.body, nullptr, false);
  if (!problem.is_object() || !problem.contains("type")) return {};
  const auto type = problem["type"].get<std::string>();
  return type.starts_with(kProblemPrefix) ? type.substr(kProblemPrefix.size()) : type;
}

std::string tag_of(std::string_view value, std::string_view content_type,
                   std::string_view content_encoding) {
  auto seed = XXH3_64bits(content_type.data(), content_type.size());
  if (!content_encoding.empty()) {
    seed = XXH3_64bits_withSeed(content_encoding.data(), content_encoding.size(), seed);
  }
  std::array<char, 24> text;
  std::snprintf(
      text.data(), text.size(), "\"%016llx\"",
      static_cast<unsigned long long>(XXH3_64bits_withSeed(value.data(), value.size(), seed)));
  return text.data();
}

std::string flaws_of(const ReceivedReply& reply, bool is_v1) {
  if (!reply.field("Date")) return "no Date";
  const auto count = [&reply](std::string_view name) {
    return std::count_if(reply.fields.begin(), reply.fields.end(),
                         [name](const auto& field) { return field.first == name; });
  };
  for (const char* name : {"Date", "ETag", "Age", "Cache-Control", "Content-Type", "Content-Length",
                           "Content-Encoding", "Connection"}) {
    if (count(name) > 1) return std::string("more than one ") + name;
  }
  // RFC 9110, sections 8.6 and 15.4.5.
  if (reply.status == 204 || reply.status == 304) {
    if (count("Content-Length") + count("Content-Type") + count("Content-Encoding") > 0) {
      return "content where there is none";
    }
  } else if (count("Content-Length") + count("Transfer-Encoding") != 1) {
    return "no Content-Length, or more";
  }
  if (reply.status >= 400 && is_v1) {
    if (reply.field("Content-Type") != "application/problem+json") return "not a problem";
    if (!reply.body.empty()) return flaws_of_problem(reply);
  }
  return {};
}

ReceivedReply KeysTest::ask(const Asked& asked, std::size_t piece) {
  return exchange(bytes_of(asked), asked.line.starts_with("HEAD "), is_v1(asked.line), piece);
}

ReceivedReply KeysTest::exchange(std::string_view bytes, bool to_head, bool is_v1,
                                 std::size_t piece) {
  peer_->received.clear();
  for (std::size_t at = 0; at < bytes.size(); at += std::min(piece, bytes.size() - at)) {
    peer_->send(bytes.substr(at, piece));
  }
  const std::string received = without_interim_replies(peer_->received);
  const auto reply = read_reply(received, to_head);
  if (!reply) {
    ADD_FAILURE() << "no reply to " << bytes.substr(0, 200) << " but " << received;
    return {};
  }
  EXPECT_EQ(reply->size, received.size()) << bytes.substr(0, 200);
  EXPECT_EQ(flaws_of(*reply, is_v1), "") << bytes.substr(0, 200);
  EXPECT_EQ(reply->field("Connection") == "close", peer_->connection.finished());
  return *reply;
}

void KeysTest::play(const std::vector<Step>& steps) {
  world_.cache.clear();
  for (const Step& step : steps) {
    const ReceivedReply reply = ask(step.asked);
    const std::string where = step.asked.line + "\n" + step.asked.fields + step.asked.body;
    EXPECT_EQ(reply.status, step.status) << where;
    const bool is_problem = reply.status >= 400 && !step.asked.line.starts_with("HEAD ");
    EXPECT_EQ(is_problem ? problem_of(reply) : reply.body, step.answer) << where;
  }
}

void KeysTest::store(const std::string& segment, const std::string& value, std::string_view type) {
  const ReceivedReply reply = ask({.line = "PUT /v1/keys/" + segment,
                                   .fields = "Content-Type: " + std::string(type) + "\r\n",
                                   .body = value});
  ASSERT_TRUE(reply.status == 201 || reply.status == 204) << reply.body;
  ASSERT_EQ(reply.field("ETag"), tag_of(value, type));
}

void KeysTest::pass(std::chrono::milliseconds time) {
  passed_ += time;
  world_.clock.advance(time);
  world_.date.update(kTestTime + std::chrono::floor<std::chrono::seconds>(passed_));
}

std::optional<std::string> KeysTest::value_of(const std::string& segment) {
  const ReceivedReply reply = ask("GET /v1/keys/" + segment);
  return reply.status == 200 ? std::optional(reply.body) : std::nullopt;
}

}  // namespace cubby::test
