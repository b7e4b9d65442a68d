// The bodies of refusals: problems for what is below /v1, the shape that came first for the rest.

#include "protocol/problem.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/loopback.hpp"
#include "support/reply_reader.hpp"

namespace cubby::protocol {
namespace {

using nlohmann::ordered_json;
using test::Loopback;
using test::read_reply;
using test::ReceivedReply;
using test::World;

std::string members_of(Error error, const Limits& limits = {}) {
  std::string members;
  append_problem_members(members, error, limits);
  return members;
}

ReceivedReply ask(const std::string& request_line, const std::string& fields = "") {
  World world;
  Loopback peer(world);
  peer.send(request_line + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
  return read_reply(peer.received, request_line.starts_with("HEAD ")).value();
}

TEST(ProblemTest, IsWrittenToTheByte) {
  EXPECT_EQ(members_of(Error::key_not_found),
            R"("type":"urn:cubby:error:key-not-found","title":"Key not found","status":404,)"
            R"("detail":"Key not found.")");
  EXPECT_EQ(members_of(Error::key_too_long, {.max_key_length = 17}),
            R"("type":"urn:cubby:error:key-too-long","title":"Key too long","status":400,)"
            R"("detail":"The key is longer than 17 characters.")");
}

TEST(ProblemTest, GoesBehindWhatIsThere) {
  std::string members = "a-b";
  append_problem_members(members, Error::bad_etag, {});
  EXPECT_TRUE(members.starts_with("a-b\"type\"")) << members;
}

TEST(ProblemTest, OfEveryErrorIsJson) {
  for (int i = 1; i < static_cast<int>(Error::count_); ++i) {
    const auto error = static_cast<Error>(i);
    const auto problem = ordered_json::parse("{" + members_of(error) + "}");
    EXPECT_EQ(problem.size(), 4U);
    EXPECT_EQ(problem["type"], "urn:cubby:error:" + std::string(name_of(error)));
    EXPECT_EQ(problem["status"], status_of(error));
    const auto title = problem["title"].get<std::string>();
    EXPECT_TRUE(title.front() >= 'A' && title.front() <= 'Z') << title;
    EXPECT_EQ(title.substr(1).find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789 "),
              std::string::npos)
        << title;
    std::string detail;
    append_detail(detail, error, {});
    EXPECT_EQ(problem["detail"], detail);
  }
}

TEST(ProblemTest, IsTheReplyToWhatIsBelowV1) {
  const struct {
    const char* line;
    int status;
    const char* name;
  } cases[] = {
      {"GET /v1", 404, "unknown-path"},
      {"GET /v1/nothing", 404, "unknown-path"},
      {"GET /%761/nothing", 404, "unknown-path"},
      {"GET /v1/keys/k", 404, "key-not-found"},
      {"HEAD /v1/keys/k", 404, "key-not-found"},
      {"GET /v1/keys/", 400, "key-empty"},
      {"GET /v1/keys/%", 400, "bad-escape"},
      {"GET /v1/keys/k?nothing=1", 400, "unknown-parameter"},
      {"POST /v1/memory", 405, "wrong-method"},
      {"POST /v1/stats", 405, "wrong-method"},
      {"PATCH /v1/keys/k", 405, "wrong-method"},
      {"BREW /v1/keys/k", 501, "unknown-method"},
      {"OPTIONS /v1/nothing", 404, "unknown-path"},
  };
  for (const auto& [line, status, name] : cases) {
    const ReceivedReply reply = ask(line);
    EXPECT_EQ(reply.status, status) << line;
    EXPECT_EQ(reply.field("Content-Type"), "application/problem+json") << line;
    if (std::string_view(line).starts_with("HEAD ")) continue;
    EXPECT_EQ(ordered_json::parse(reply.body)["type"], "urn:cubby:error:" + std::string(name))
        << line;
  }
}

TEST(ProblemTest, IsNotTheReplyToAnythingElse) {
  for (const char* line :
       {"GET /nothing", "GET /v11", "GET /V1/keys/k", "GET //v1/keys/k", "GET /get?key=k",
        "POST /health", "BREW /", "GET /get?key=%", "GET v1/keys/k", "CONNECT /v1/keys/k"}) {
    const ReceivedReply reply = ask(line);
    EXPECT_EQ(reply.field("Content-Type"), "application/json; charset=utf-8") << line;
    EXPECT_TRUE(reply.body.starts_with(R"({"status":"ERROR","message":")")) << line << reply.body;
  }
}

// Wherever what is wrong with it shows, as long as the path comes before.
TEST(ProblemTest, IsTheReplyToAHeadThatIsRefused) {
  const std::string host = "Host: a\r\n";
  const struct {
    std::string target;
    std::string behind;  // the target
    std::string name;
  } cases[] = {
      {"/v1/keys/k", " b HTTP/1.1\r\n", "bad-request-line"},
      {"/v1/keys/k", "\r\n", "bad-request-line"},
      {"/v1/keys/k", " HTTP/2.0\r\n", "bad-version"},
      {"/v1/keys/k#here", " HTTP/1.1\r\n" + host, "bad-target"},
      {"http://a/v1/keys/k^", " HTTP/1.1\r\n" + host, "bad-target"},
      {"/v1/keys/k", " HTTP/1.1\r\n" + host + "a b\r\n\r\n", "bad-field"},
      {"/%761/keys/k", " HTTP/1.1\r\n" + host + "a b\r\n\r\n", "bad-field"},
      {"http://a/v1/keys/k", " HTTP/1.1\r\n" + host + "a b\r\n\r\n", "bad-field"},
      {"/v1/keys/k", " HTTP/1.1\r\n" + host + "a: b\r\n c\r\n\r\n", "folded-field"},
      {"/v1/keys/k", " HTTP/1.1\r\n\r\n", "bad-host"},
      {"/v1/keys/k", " HTTP/1.1\r\n" + host + "Content-Length: x\r\n\r\n", "bad-content-length"},
      {"/v1/keys/k", " HTTP/1.1\r\n" + host + "Transfer-Encoding: br\r\n\r\n",
       "bad-transfer-encoding"},
      {"/v1/keys/" + std::string(9000, 'k'), " HTTP/1.1\r\n" + host + "\r\n", "target-too-long"},
      {"/v1/keys/" + std::string(20'000, 'k'), "", "target-too-long"},
      {"/v1/keys/k", " HTTP/1.1\r\n" + host + "a: " + std::string(20'000, 'b'), "head-too-large"},
  };
  for (const auto& [target, behind, name] : cases) {
    for (const std::string_view method : {"GET", "HEAD"}) {
      const std::string head = std::string(method) + " " + target + behind;
      for (const std::size_t piece : {head.size(), std::size_t{7}}) {
        World world;
        Loopback peer(world);
        for (std::size_t at = 0; at < head.size(); at += piece) peer.send(head.substr(at, piece));
        const auto reply = read_reply(peer.received, method == "HEAD");
        ASSERT_TRUE(reply) << head.substr(0, 200);
        EXPECT_EQ(reply->size, peer.received.size()) << head.substr(0, 200);
        EXPECT_EQ(reply->field("Content-Type"), "application/problem+json") << head.substr(0, 200);
        if (method == "HEAD") continue;
        EXPECT_EQ(ordered_json::parse(reply->body)["type"], "urn:cubby:error:" + name);
      }
      const std::string elsewhere = std::string(method) + " /x" + target + behind;
      World world;
      Loopback peer(world);
      peer.send(elsewhere);
      EXPECT_EQ(read_reply(peer.received, method == "HEAD")->field("Content-Type"),
                "application/json; charset=utf-8")
          << elsewhere.substr(0, 200);
    }
  }
}

TEST(ProblemTest, ReplyHasTheFieldsOfItsStatus) {
  const ReceivedReply wrong_method = ask("PATCH /v1/keys/k");
  EXPECT_EQ(wrong_method.field("Allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
  const ReceivedReply encoded = ask("POST /v1/keys/k/append", "Content-Encoding: gzip\r\n");
  EXPECT_EQ(encoded.status, 415);
  EXPECT_EQ(encoded.field("Accept-Encoding"), "identity");

  World world;
  Connection connection(world.context);
  connection.turn_away();
  std::string output;
  connection.receive("GET /v1/keys/k HTTP/1.1\r\nHost: a\r\n\r\n", output);
  const ReceivedReply turned_away = read_reply(output).value();
  EXPECT_EQ(turned_away.status, 503);
  EXPECT_EQ(turned_away.field("Retry-After"), "1");
  EXPECT_EQ(ordered_json::parse(turned_away.body)["title"], "Too many connections");
}

TEST(ProblemTest, OfAnUnknownPathNamesAllThereAre) {
  const auto problem = ordered_json::parse(ask("GET /v1/nothing").body);
  const auto detail = problem["detail"].get<std::string>();
  EXPECT_TRUE(detail.starts_with("No such path. There are: GET /get?key=..., ")) << detail;
  EXPECT_NE(detail.find("PUT /v1/keys/{key}, "), std::string::npos) << detail;
  const auto old_shape = ordered_json::parse(ask("GET /nothing").body);
  EXPECT_EQ(old_shape["message"], detail);
}

}  // namespace
}  // namespace cubby::protocol
