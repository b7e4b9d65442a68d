// Values of every sort and size, stored in every way and shown on both faces.

#include <array>
#include <cstddef>
#include <random>
#include <string>

#include <nlohmann/json.hpp>

#include "protocol/keys_fixture.hpp"

namespace cubby::test {
namespace {

using namespace std::string_literals;

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;

// At the borders of how values are kept and sent.
constexpr std::array<std::size_t, 10> kSizes{0,
                                             1,
                                             4 * kKiB,
                                             4 * kKiB + 1,
                                             32 * kKiB,
                                             32 * kKiB + 1,
                                             256 * kKiB - 1,
                                             256 * kKiB,
                                             256 * kKiB + 1,
                                             3 * kMiB};

std::string text_of(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i)
    text[i] = static_cast<char>('a' + i * 7 % 26 + i / 997 % 2);
  return text;
}

std::string bytes_of_every_sort(std::size_t size) {
  std::mt19937 random(1);
  std::string bytes(size, ' ');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

// Text that takes escapes, in which some characters have several bytes.
std::string escaped_text_of(std::size_t size) {
  const std::string part = "\"quoted\"\\\n\t\0\x1F/é€🦊"s;
  std::string text;
  while (text.size() + part.size() <= size) text += part;
  return text + std::string(size - text.size(), '\n');
}

// What /get answers for the key "k".
std::string get_body(const std::string& value) {
  return R"({"status":"OK","key":"k","value":)" + nlohmann::json(value).dump() + "}";
}

class KeyValuesTest : public KeysTest {
 protected:
  KeyValuesTest() : KeysTest({.max_value_bytes = 4 * kMiB}) {}

  // What both faces show of the value of "k".
  void expect_entry(const std::string& value, std::string_view type, const std::string& how) {
    const ReceivedReply got = ask("GET /v1/keys/k");
    EXPECT_EQ(got.status, 200) << how;
    EXPECT_TRUE(got.body == value) << how << ": " << got.body.size() << " bytes";
    EXPECT_EQ(got.field("ETag"), tag_of(value, type)) << how;
    EXPECT_EQ(got.field("Content-Type"), type) << how;
    const ReceivedReply head = ask("HEAD /v1/keys/k");
    EXPECT_EQ(head.fields, got.fields) << how;
    EXPECT_EQ(head.body, "") << how;
  }

  // `shown` is what get_body() makes of the value.
  void expect_text(const std::string& shown, const std::string& how) {
    const ReceivedReply got = ask("GET /get?key=k");
    EXPECT_EQ(got.status, 200) << how;
    EXPECT_TRUE(got.body == shown) << how;
    EXPECT_EQ(ask("HEAD /get?key=k").fields, got.fields) << how;
  }

  void clear() { world_.cache.clear(); }
};

// A put in every way that the bytes can come.
TEST_F(KeyValuesTest, AreTheSameHoweverTheyArrive) {
  for (const std::size_t size : kSizes) {
    const std::string value = bytes_of_every_sort(size);
    const Asked put{"PUT /v1/keys/k", "", value};
    const auto expect_stored = [&](const std::string& bytes, std::size_t piece,
                                   const std::string& how) {
      const std::string where = std::to_string(size) + " bytes " + how;
      clear();
      const ReceivedReply reply = exchange(bytes, false, true, piece);
      EXPECT_EQ(reply.status, 201) << where;
      EXPECT_EQ(reply.body, "") << where;
      EXPECT_EQ(reply.field("ETag"), tag_of(value, kBytes)) << where;
      expect_entry(value, kBytes, where);
    };
    const std::string whole = bytes_of(put);
    expect_stored(whole, whole.size(), "whole");
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, 4 * kKiB, 33 * kKiB, kMiB}) {
      if (whole.size() / piece > 100'000) continue;
      expect_stored(whole, piece, "in pieces of " + std::to_string(piece));
    }
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{1000}, 64 * kKiB, kMiB}) {
      if (size / chunk > 40'000) continue;
      const std::string chunked = chunked_bytes_of(put, chunk);
      expect_stored(chunked, chunked.size(), "in chunks of " + std::to_string(chunk));
      expect_stored(chunked, 5000, "in pieces and chunks of " + std::to_string(chunk));
    }
    // Once more over what is there, and under a condition.
    EXPECT_EQ(ask(put, 10'000).status, 204);
    const Asked again{put.line, "If-Match: " + tag_of(value, kBytes) + "\r\n", value};
    EXPECT_EQ(ask(again).field("ETag"), tag_of(value, kBytes));
    EXPECT_EQ(ask(again, 10'000).field("ETag"), tag_of(value, kBytes));
    expect_entry(value, kBytes, "put again");
  }
}

// On one face and the other, and by the operations that make a value.
TEST_F(KeyValuesTest, HaveTheSameTagHoweverTheyAreMade) {
  for (const std::size_t size : kSizes) {
    for (const std::string& value : {text_of(size), escaped_text_of(size)}) {
      const std::string where = std::to_string(size) + " bytes ";
      const std::string shown = get_body(value);
      const std::string body = put_body("k", value);
      const std::string type = "Content-Type: " + std::string(kText) + "\r\n";
      for (const std::size_t piece : {8 * kMiB, 7 * kKiB}) {
        clear();
        EXPECT_EQ(ask({"PUT /v1/keys/k", type, value}, piece).field("ETag"), tag_of(value, kText));
        expect_entry(value, kText, where + "put");
        expect_text(shown, where + "put");

        clear();
        EXPECT_EQ(ask({"POST /put", "", body}, piece).status, 200);
        expect_entry(value, kText, where + "by /put");
        expect_text(shown, where + "by /put");
        EXPECT_EQ(ask("GET /v1/keys/k").field("Age"), std::nullopt);
      }
      for (const char* end : {"append", "prepend"}) {
        const bool in_front = end == "prepend"s;
        const std::size_t half = size / 2;
        const std::string first = in_front ? value.substr(half) : value.substr(0, half);
        const std::string second = in_front ? value.substr(0, half) : value.substr(half);
        const struct {
          Asked begin;
          const std::string& more;
        } makings[] = {{{"PUT /v1/keys/k", type, first}, second},
                       {{"POST /put", "", put_body("k", "")}, value}};
        for (const auto& [begin, more] : makings) {
          clear();
          ASSERT_EQ(ask(begin).status / 100, 2);
          const ReceivedReply reply = ask({"POST /v1/keys/k/"s + end, "", more}, 50 * kKiB);
          EXPECT_EQ(reply.body, std::to_string(size)) << where << end;
          EXPECT_EQ(reply.field("ETag"), tag_of(value, kText)) << where << end;
          expect_entry(value, kText, where + end);
          expect_text(shown, where + end);
        }
      }
    }
  }
}

TEST_F(KeyValuesTest, KeepTheirTypeAndEncoding) {
  const std::string longest(255, 't');
  for (const std::string& type : {"a/b"s, "text/plain"s, "application/json"s, longest}) {
    for (const std::string& encoding : {""s, "gzip"s, "GZIP"s, "a, b"s, longest}) {
      for (const std::size_t size : {std::size_t{5}, 40 * kKiB, 300 * kKiB}) {
        const std::string value = text_of(size);
        std::string fields = "Content-Type: \t" + type + " \r\n";
        if (!encoding.empty()) fields += "content-ENCODING: " + encoding + "\r\n";
        for (const std::size_t piece : {8 * kMiB, 9 * kKiB}) {
          clear();
          EXPECT_EQ(ask({"PUT /v1/keys/k", fields, value}, piece).field("ETag"),
                    tag_of(value, type, encoding));
          const ReceivedReply got = ask("GET /v1/keys/k");
          EXPECT_EQ(got.field("Content-Type"), type);
          EXPECT_EQ(got.field("Content-Encoding").value_or(""), encoding);
          EXPECT_EQ(got.field("ETag"), tag_of(value, type, encoding));
          EXPECT_TRUE(got.body == value);
          EXPECT_EQ(ask("HEAD /v1/keys/k").fields, got.fields);
          EXPECT_EQ(ask("GET /get?key=k").status, encoding.empty() ? 200 : 406);
        }
        EXPECT_EQ(ask("POST /v1/keys/k/take").field("Content-Encoding").value_or(""), encoding);
      }
    }
  }
}

TEST_F(KeyValuesTest, WithoutATypeTheyAreBytes) {
  for (const char* fields :
       {"", "Content-Type:\r\n", "Content-Type: \t\r\n", "Content-Encoding: identity\r\n",
        "Content-Encoding:\r\n", "Content-Encoding: identity, Identity\r\n"}) {
    clear();
    EXPECT_EQ(ask({"PUT /v1/keys/k", fields, "v"}).field("ETag"), tag_of("v", kBytes)) << fields;
    expect_entry("v", kBytes, fields);
  }
}

TEST_F(KeyValuesTest, EveryByteComesBack) {
  std::string every;
  for (int c = 0; c < 256; ++c) every += static_cast<char>(c);
  for (const std::string& value : {every, "\0"s, "\r\n\r\n"s, "\0\xFF\0"s, every + every}) {
    store("k", value, kBytes);
    expect_entry(value, kBytes, "bytes");
    EXPECT_EQ(ask("POST /v1/keys/k/take").body, value);
  }
}

TEST_F(KeyValuesTest, WhatIsNoTextIsNotForGet) {
  for (const std::size_t size : {std::size_t{10}, 5 * kKiB, 40 * kKiB, 300 * kKiB}) {
    for (const std::string& value :
         {std::string(size, 'a') + "\xFF", std::string(size, 'a') + "\xC3",
          "\xED\xA0\x80" + std::string(size, '"')}) {
      store("k", value, kText);
      expect_entry(value, kText, "no text");
      for (const char* line : {"GET /get?key=k", "HEAD /get?key=k"}) {
        const ReceivedReply reply = ask(line);
        EXPECT_EQ(reply.status, 406);
        EXPECT_EQ(reply.field("Content-Type"), "application/json; charset=utf-8");
      }
      const auto error = nlohmann::json::parse(ask("GET /get?key=k").body);
      EXPECT_EQ(error["status"], "ERROR");
      EXPECT_NE(error["message"].get<std::string>().find("/v1/keys/"), std::string::npos);
    }
  }
  EXPECT_EQ(ask({"PUT /v1/keys/k", "Content-Encoding: gzip\r\n", "text"}).status, 204);
  EXPECT_EQ(ask("GET /get?key=k").status, 406);
  EXPECT_EQ(ask({"POST /put", "", put_body("k", "text")}).status, 200);
  expect_text(get_body("text"), "by /put again");
  expect_entry("text", kText, "by /put again");
}

// Whether it is text is found anew.
TEST_F(KeyValuesTest, JoiningMakesTextOrUnmakesIt) {
  for (const std::size_t size : {std::size_t{3}, 300 * kKiB}) {
    const std::string text(size, 'a');
    store("k", text + "\xC3", kText);
    EXPECT_EQ(ask("GET /get?key=k").status, 406);
    EXPECT_EQ(ask({"POST /v1/keys/k/append", "", "\xA9"}).status, 200);
    expect_text(get_body(text + "\xC3\xA9"), "joined");
    EXPECT_EQ(ask({"POST /v1/keys/k/prepend", "", "\"\n"}).status, 200);
    expect_text(get_body("\"\n" + text + "\xC3\xA9"), "joined");
    EXPECT_EQ(ask({"POST /v1/keys/k/append", "", "\xFF"}).status, 200);
    EXPECT_EQ(ask("GET /get?key=k").status, 406);
  }
}

// What is behind a compressed text is no part of it.
TEST_F(KeyValuesTest, WhatIsEncodedIsNotJoinedTo) {
  for (const std::size_t size : {std::size_t{3}, 300 * kKiB}) {
    const std::string value(size, 'a');
    ASSERT_LT(ask({"PUT /v1/keys/k", "Content-Encoding: gzip\r\n", value}).status, 300);
    for (const char* path : {"append", "prepend"}) {
      for (const char* fields : {"", "If-Match: *\r\n", "If-Match: \"x\"\r\n"}) {
        const ReceivedReply reply = ask({std::string("POST /v1/keys/k/") + path, fields, "b"});
        EXPECT_EQ(reply.status, 409);
        EXPECT_EQ(problem_of(reply), "value-encoded");
      }
    }
    const ReceivedReply got = ask("GET /v1/keys/k");
    EXPECT_EQ(got.body, value);
    EXPECT_EQ(got.field("Content-Encoding"), "gzip");
  }
}

TEST_F(KeyValuesTest, MayBeAsLargeAsTheLimit) {
  const std::size_t limit = world_.limits.max_value_bytes;
  const std::string largest = text_of(limit);
  for (const std::size_t piece : {8 * kMiB, 60 * kKiB}) {
    clear();
    EXPECT_EQ(ask({"PUT /v1/keys/k", "", largest}, piece).status, 201);
    const Asked larger{"PUT /v1/keys/k", "", largest + "x"};
    for (const std::string& bytes : {bytes_of(larger), chunked_bytes_of(larger, 70'000)}) {
      const ReceivedReply refused = exchange(bytes, false, true, piece);
      EXPECT_EQ(refused.status, 413);
      EXPECT_EQ(problem_of(refused), "value-too-large");
      reconnect();
    }
    expect_entry(largest, kBytes, "largest");
  }
}

}  // namespace
}  // namespace cubby::test
