// What browsers are told about pages of other origins: which origins are understood, and which
// fields the replies have.

#include "protocol/cors.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "support/loopback.hpp"
#include "support/reply_reader.hpp"

namespace cubby::protocol {
namespace {

using test::Loopback;
using test::read_reply;
using test::ReceivedReply;
using test::World;

const std::string kPage = "https://app.example";
const std::string kOther = "http://127.0.0.1:3000";

std::string request(const std::string& line, const std::string& origin,
                    const std::string& fields = "", const std::string& body = "") {
  return line + " HTTP/1.1\r\nHost: a\r\n" + (origin.empty() ? "" : "Origin: " + origin + "\r\n") +
         fields + (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") +
         "\r\n" + body;
}

std::string preflight(const std::string& path, const std::string& origin) {
  return request("OPTIONS " + path, origin,
                 "Access-Control-Request-Method: PUT\r\n"
                 "Access-Control-Request-Headers: content-type,if-match\r\n");
}

// The fields that are about origins, as they were sent.
std::string about_origins(const ReceivedReply& reply) {
  std::string text;
  for (const auto& [name, value] : reply.fields) {
    if (name.starts_with("Access-Control-") || name == "Vary") text += name + ": " + value + '\n';
  }
  return text;
}

const std::string kExposed =
    "Access-Control-Expose-Headers: ETag, Age, Content-Encoding, Retry-After, Allow\n";
const std::string kVaries = "Vary: Origin\n";

std::string allowed(const std::string& origin) {
  return "Access-Control-Allow-Origin: " + origin + '\n' + kExposed +
         (origin == "*" ? "" : kVaries);
}

std::string may_send(const std::string& methods) {
  return "Access-Control-Allow-Methods: " + methods +
         "\n"
         "Access-Control-Allow-Headers: Content-Type, Content-Encoding, Cache-Control, If-Match, "
         "If-None-Match\n"
         "Access-Control-Max-Age: 7200\n";
}

class CorsTest : public testing::Test {
 protected:
  void allow(const std::vector<std::string>& origins) {
    cors_.emplace(origins);
    world_.context.cors = &*cors_;
  }

  ReceivedReply ask(const std::string& bytes) {
    Loopback peer(world_);
    peer.send(bytes);
    auto reply = read_reply(peer.received, bytes.starts_with("HEAD "));
    EXPECT_TRUE(reply) << peer.received;
    if (!reply) return {};
    EXPECT_EQ(reply->size, peer.received.size()) << peer.received;
    return *reply;
  }

  std::string fields_of(const std::string& bytes) { return about_origins(ask(bytes)); }

  World world_;
  std::optional<Cors> cors_;
};

// Replies of every kind, from a world in which they come one after the other.
struct Kind {
  int status;
  std::string line;
  std::string fields;
  std::string body;
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> kTable = {
      {200, "GET /health", "", ""},
      {200, "GET /openapi.yaml", "", ""},
      {200, "OPTIONS /put", "", ""},
      {404, "GET /nothing", "", ""},
      {404, "GET /v1/nothing", "", ""},
      {404, "GET /get?key=k", "", ""},
      {404, "GET /v1/keys/k", "", ""},
      {200, "POST /put", "", R"({"key":"j","value":"v"})"},
      {200, "GET /get?key=j", "", ""},
      {400, "POST /put", "", "{}"},
      {201, "PUT /v1/keys/k", "", "v"},
      {204, "PUT /v1/keys/k", "", "v"},
      {200, "GET /v1/keys/k", "", ""},
      {200, "HEAD /v1/keys/k", "", ""},
      {304, "GET /v1/keys/k", "If-None-Match: *\r\n", ""},
      {412, "PUT /v1/keys/k", "If-None-Match: *\r\n", "v"},
      {409, "POST /v1/keys/k/incr", "", ""},
      {200, "GET /v1/keys", "", ""},
      {204, "DELETE /v1/keys/k", "", ""},
      {405, "PATCH /v1/keys/k", "", ""},
      {400, "GET /v1/keys?limit=0", "", ""},
      {501, "BREW /pot", "", ""},
      {417, "GET /health", "Expect: tea\r\n", ""},
      {200, "GET /health", "Connection: close\r\n", ""},
  };
  return kTable;
}

TEST_F(CorsTest, IsOffByDefault) {
  for (const Kind& kind : kinds()) {
    const ReceivedReply reply = ask(request(kind.line, kPage, kind.fields, kind.body));
    EXPECT_EQ(reply.status, kind.status) << kind.line << reply.body;
    EXPECT_EQ(about_origins(reply), "") << kind.line;
  }
  const ReceivedReply reply = ask(preflight("/put", kPage));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("Allow"), "POST, OPTIONS");
  EXPECT_EQ(about_origins(reply), "");
}

TEST_F(CorsTest, EveryReplyToAnAllowedOriginSaysSo) {
  allow({kOther, kPage});
  for (const std::string& origin : {kPage, kOther}) {
    for (const Kind& kind : kinds()) {
      const ReceivedReply reply = ask(request(kind.line, origin, kind.fields, kind.body));
      EXPECT_EQ(reply.status, kind.status) << kind.line << reply.body;
      EXPECT_EQ(about_origins(reply), allowed(origin)) << kind.line;
    }
    ask(request("DELETE /v1/keys?all=true", ""));
  }
}

// What a cache has kept of a request without an origin is not the reply to one with it.
TEST_F(CorsTest, EveryOtherReplySaysThatItDependsOnTheOrigin) {
  allow({kPage});
  for (const std::string& origin : {std::string(), kOther, std::string("null")}) {
    for (const Kind& kind : kinds()) {
      EXPECT_EQ(fields_of(request(kind.line, origin, kind.fields, kind.body)), kVaries)
          << kind.line << ' ' << origin;
    }
  }
}

TEST_F(CorsTest, WhereEveryOriginIsAllowedEveryReplySaysSo) {
  allow({"*"});
  for (const std::string& origin : {kPage, kOther, std::string("null"), std::string()}) {
    for (const Kind& kind : kinds()) {
      EXPECT_EQ(fields_of(request(kind.line, origin, kind.fields, kind.body)), allowed("*"))
          << kind.line << ' ' << origin;
    }
  }
}

TEST_F(CorsTest, OnlyTheWholeOriginIsAllowed) {
  allow({kPage});
  for (const char* origin :
       {"https://app.example.", "https://app.exampl", "https://app.example:443",
        "http://app.example", "https://app.example/", "https://evil.https://app.example",
        "HTTPS://app.example", "*", ",", "https://app.example, https://app.example",
        "https://app.example https://app.example"}) {
    EXPECT_EQ(fields_of(request("GET /health", origin)), kVaries) << origin;
  }
  EXPECT_EQ(fields_of(request("GET /health", kPage, "Origin: " + kPage + "\r\n")), kVaries);
  EXPECT_EQ(fields_of("GET /health HTTP/1.1\r\nHost: a\r\nOrigin:\r\n\r\n"), kVaries);
  EXPECT_EQ(fields_of("GET /health HTTP/1.1\r\nHost: a\r\noRIGIN:\t" + kPage + " \r\n\r\n"),
            allowed(kPage));
}

// A page whose cookies are too large is to learn just that.
TEST_F(CorsTest, ReplyToAHeadThatIsRefusedHasTheFields) {
  allow({kPage});
  const std::pair<std::string, int> cases[] = {
      {request("GET /health", kPage, "a b\r\n"), 400},
      {request("GET /health", kPage, "Cookie: " + std::string(20'000, 'c') + "\r\n"), 431},
      {request("GET /health?" + std::string(9000, 'x'), kPage), 414},
  };
  for (const auto& [text, status] : cases) {
    const ReceivedReply reply = ask(text);
    EXPECT_EQ(reply.status, status);
    EXPECT_EQ(about_origins(reply), allowed(kPage)) << status;
  }
  // What stands behind the fault is not looked at, and a line is one only with its CR LF.
  for (const std::string fields : {"a b\r\nOrigin: ", "Origin: "}) {
    const std::string end = fields.starts_with('a') ? "\r\n\r\n" : "x\n\n";
    const std::string text = "GET /health HTTP/1.1\r\nHost: a\r\n" + fields + kPage + end;
    EXPECT_EQ(about_origins(ask(text)), kVaries) << text;
  }
  const ReceivedReply other = ask(request("GET /health", kOther, "a b\r\n"));
  EXPECT_EQ(about_origins(other), kVaries);
  // Of two origins none is the page's.
  const std::string second = std::string("Origin: ") + kPage + "\r\na b\r\n";
  EXPECT_EQ(about_origins(ask(request("GET /health", kPage, second))), kVaries);
}

TEST_F(CorsTest, ReplyThatComesLaterHasTheFields) {
  allow({kPage});
  const std::string whole = request("PUT /v1/keys/k", kPage, "", std::string(1000, 'v'));
  Loopback peer(world_);
  for (const char c : whole) peer.send({&c, 1});
  EXPECT_EQ(about_origins(read_reply(peer.received).value()), allowed(kPage));

  const std::size_t head = whole.find("\r\n\r\n");
  for (const std::size_t cut : {whole.size() - 1, head}) {
    Connection late(world_.context);
    std::string output;
    const std::string begun = whole.substr(0, cut);
    const std::size_t used = late.receive(begun, output);
    late.give_up(Error::request_timeout, std::string_view(begun).substr(used), output);
    const auto reply = read_reply(output);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 408);
    EXPECT_EQ(about_origins(*reply), allowed(kPage)) << cut;
  }
}

TEST_F(CorsTest, RepliesThatWereAskedForTogetherHaveTheirOwn) {
  allow({kPage, kOther});
  const std::string requests =
      request("GET /health", kPage) + request("GET /health", "") + request("GET /health", kOther);
  Loopback peer(world_);
  for (int round = 0; round < 3; ++round) {
    peer.received.clear();
    peer.send(requests);
    std::string_view rest = peer.received;
    for (const std::string& expected : {allowed(kPage), kVaries, allowed(kOther)}) {
      const auto reply = read_reply(rest);
      ASSERT_TRUE(reply);
      EXPECT_EQ(about_origins(*reply), expected);
      rest.remove_prefix(reply->size);
    }
  }
}

TEST_F(CorsTest, PreflightNamesTheMethodsOfThePath) {
  const struct {
    const char* path;
    const char* methods;
  } cases[] = {
      {"/get?key=a", "GET, HEAD, OPTIONS"},
      {"/put", "POST, OPTIONS"},
      {"/health", "GET, HEAD, OPTIONS"},
      {"/openapi.yaml", "GET, HEAD, OPTIONS"},
      {"/v1/memory", "GET, HEAD, OPTIONS"},
      {"/v1/stats", "GET, HEAD, OPTIONS"},
      {"/v1/keys", "GET, HEAD, DELETE, OPTIONS"},
      {"/v1/keys/a%2Fb?ttl=1", "GET, HEAD, PUT, DELETE, OPTIONS"},
      {"/v1/keys/a/incr", "POST, OPTIONS"},
      {"/v1/keys/a/append", "POST, OPTIONS"},
      {"/v1/keys/a/prepend", "POST, OPTIONS"},
      {"/v1/keys/a/touch", "POST, OPTIONS"},
      {"/v1/keys/a/take", "POST, OPTIONS"},
      {"/v1/batch", "POST, OPTIONS"},
      {"*", "GET, HEAD, POST, PUT, DELETE, OPTIONS"},
  };
  for (const std::string& origin : {kPage, std::string("*")}) {
    allow({origin});
    for (const auto& [path, methods] : cases) {
      const ReceivedReply reply = ask(preflight(path, kPage));
      EXPECT_EQ(reply.status, 204) << path;
      EXPECT_EQ(about_origins(reply), allowed(origin) + may_send(methods)) << path;
      EXPECT_EQ(reply.field("Content-Length"), std::nullopt);
      EXPECT_EQ(reply.field("Allow"), std::nullopt);
    }
  }
}

TEST_F(CorsTest, PreflightForAnUnknownPathIsAnError) {
  allow({kPage});
  for (const char* path : {"/", "/v1", "/v1/nothing", "/v1/keys/a/b"}) {
    const ReceivedReply reply = ask(preflight(path, kPage));
    EXPECT_EQ(reply.status, 404) << path;
    EXPECT_EQ(about_origins(reply), allowed(kPage)) << path;
  }
}

TEST_F(CorsTest, WhatIsNoPreflightIsAnsweredAsEver) {
  allow({kPage});
  const struct {
    std::string bytes;
    std::string fields;
  } cases[] = {
      {preflight("/put", kOther), kVaries},
      {preflight("/put", ""), kVaries},
      {request("OPTIONS /put", kPage), allowed(kPage)},
  };
  for (const auto& [bytes, fields] : cases) {
    const ReceivedReply reply = ask(bytes);
    EXPECT_EQ(reply.status, 200) << bytes;
    EXPECT_EQ(reply.field("Allow"), "POST, OPTIONS") << bytes;
    EXPECT_EQ(about_origins(reply), fields) << bytes;
  }
  allow({"*"});
  EXPECT_EQ(ask(preflight("/put", "")).status, 200);
}

TEST_F(CorsTest, FieldsStandInTheHeadOnce) {
  allow({kPage});
  Loopback peer(world_);
  peer.send(request("PUT /v1/keys/k", kPage, "", "v"));
  EXPECT_EQ(peer.received.substr(0, peer.received.find("ETag: ")),
            "HTTP/1.1 201 Created\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Access-Control-Allow-Origin: https://app.example\r\n"
            "Access-Control-Expose-Headers: ETag, Age, Content-Encoding, Retry-After, Allow\r\n"
            "Vary: Origin\r\n");
}

TEST(OriginTest, IsReadAsBrowsersWriteIt) {
  const struct {
    const char* text;
    const char* origin;
  } cases[] = {
      {"https://app.example", "https://app.example"},
      {"HTTPS://App.Example:8443", "https://app.example:8443"},
      {"https://app.example:443", "https://app.example"},
      {"http://app.example:80", "http://app.example"},
      {"http://app.example:443", "http://app.example:443"},
      {"https://app.example:80", "https://app.example:80"},
      {"http://localhost:3000", "http://localhost:3000"},
      {"http://127.0.0.1", "http://127.0.0.1"},
      {"http://[::1]:80", "http://[::1]"},
      {"http://[::80]", "http://[::80]"},
      {"http://xn--bcher-kva.example", "http://xn--bcher-kva.example"},
      {"moz-extension://0c1a-2b", "moz-extension://0c1a-2b"},
  };
  for (const auto& [text, origin] : cases) EXPECT_EQ(read_origin(text), origin) << text;
}

TEST(OriginTest, NothingElseIsOne) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv,
                                      "*"sv,
                                      "null"sv,
                                      "app.example"sv,
                                      "//app.example"sv,
                                      "://app.example"sv,
                                      "https:"sv,
                                      "https://"sv,
                                      "https:///"sv,
                                      "https://:443"sv,
                                      "https://app.example/"sv,
                                      "https://app.example/path"sv,
                                      "https://app.example?q"sv,
                                      "https://app.example#f"sv,
                                      "https://app.example:"sv,
                                      "https://app.example:x"sv,
                                      "https://app.example:65536"sv,
                                      "https://user@app.example"sv,
                                      "https://*.example"sv,
                                      "https://app.example,"sv,
                                      "https://app.example https://b"sv,
                                      " https://app.example"sv,
                                      "https://app.example "sv,
                                      "https://app.example\r\nX: y"sv,
                                      "https://app.example\0"sv,
                                      "https://b\xc3\xbc"
                                      "cher"sv,
                                      "https://a%20b"sv,
                                      "1https://app.example"sv,
                                      "ht tps://app.example"sv,
                                      "http://[::1"sv,
                                      "http://::1"sv,
                                      "https://a://b"sv}) {
    EXPECT_EQ(read_origin(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace cubby::protocol
