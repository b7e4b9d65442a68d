// POST /v1/keys/{key}/append and /prepend, around the sizes where values are kept differently.

#include <chrono>
#include <string>
#include <string_view>

#include "protocol/keys_fixture.hpp"

namespace cubby::test {
namespace {

using namespace std::string_literals;

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kLimit = 700 * kKiB;

class KeyJoiningTest : public KeysTest {
 protected:
  KeyJoiningTest() : KeysTest({.max_value_bytes = kLimit}) {}
};

TEST_F(KeyJoiningTest, EverySizeToEverySize) {
  const std::size_t sizes[] = {0, 1, 5 * kKiB, 256 * kKiB - 1, 256 * kKiB, 256 * kKiB + 1};
  for (const std::size_t before : sizes) {
    for (const std::size_t added : sizes) {
      for (const bool in_front : {false, true}) {
        for (const std::size_t piece : {~std::size_t{0}, 40 * kKiB}) {
          const std::string where = std::to_string(before) + " and " + std::to_string(added) +
                                    (in_front ? " in front" : " behind");
          const std::string value(before, 'v');
          const std::string more(added, 'm');
          const std::string whole = in_front ? more + value : value + more;
          ASSERT_LT(ask({"PUT /v1/keys/k?ttl=60", "Content-Type: a/b\r\n", value}).status, 300);
          const std::string path = in_front ? "/prepend" : "/append";
          const ReceivedReply reply = ask({"POST /v1/keys/k" + path, "", more}, piece);
          EXPECT_EQ(reply.status, 200) << where;
          EXPECT_EQ(reply.body, std::to_string(whole.size())) << where;
          EXPECT_EQ(reply.field("Content-Type"), kText) << where;
          EXPECT_EQ(reply.field("ETag"), tag_of(whole, "a/b")) << where;
          const ReceivedReply got = ask("GET /v1/keys/k");
          EXPECT_TRUE(got.body == whole) << where;
          EXPECT_EQ(got.field("ETag"), reply.field("ETag")) << where;
          EXPECT_EQ(got.field("Content-Type"), "a/b") << where;
          EXPECT_EQ(got.field("Cache-Control"), "max-age=60") << where;
        }
      }
    }
  }
  EXPECT_EQ(world_.cache.stats().detached_bytes, 0U);
}

TEST_F(KeyJoiningTest, NoFurtherThanTheLimit) {
  for (const std::size_t before : {std::size_t{0}, std::size_t{10}, kLimit - 1, kLimit}) {
    for (const char* path : {"/append", "/prepend"}) {
      for (const std::size_t piece : {~std::size_t{0}, 40 * kKiB}) {
        world_.cache.clear();
        const std::string value(before, 'v');
        store("k", value);
        const std::size_t room = kLimit - before;
        const ReceivedReply refused =
            ask({"POST /v1/keys/k"s + path, "", std::string(room + 1, 'm')}, piece);
        EXPECT_EQ(refused.status, 413) << before << path;
        EXPECT_EQ(problem_of(refused), "value-too-large") << before << path;
        // With nothing there it is the body alone that is too large, and is not read.
        if (before == 0) reconnect();
        EXPECT_TRUE(value_of("k") == value) << before << path;
        const ReceivedReply fitting =
            ask({"POST /v1/keys/k"s + path, "", std::string(room, 'm')}, piece);
        EXPECT_EQ(fitting.body, std::to_string(kLimit)) << before << path;
      }
    }
  }
}

TEST_F(KeyJoiningTest, NothingIsMadeOfNothing) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, 300 * kKiB}) {
    const Asked append{"POST /v1/keys/k/append", "", std::string(size, 'm')};
    EXPECT_EQ(problem_of(ask(append)), "key-not-found");
    EXPECT_EQ(problem_of(ask(append, 9999)), "key-not-found");
    EXPECT_EQ(value_of("k"), std::nullopt);
  }
  ASSERT_EQ(ask({"PUT /v1/keys/k?ttl=1", "", "v"}).status, 201);
  pass(std::chrono::seconds(1));
  EXPECT_EQ(problem_of(ask({"POST /v1/keys/k/append", "", "m"})), "key-not-found");
}

TEST_F(KeyJoiningTest, BodiesMayComeInChunks) {
  store("k", "v");
  std::string expected = "v";
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{100}, 70 * kKiB}) {
    for (const std::size_t piece : {~std::size_t{0}, std::size_t{1000}}) {
      const std::string more(2000, static_cast<char>('a' + expected.size() % 26));
      expected += more;
      const Asked append{"POST /v1/keys/k/append", "", more};
      EXPECT_EQ(exchange(chunked_bytes_of(append, chunk), false, true, piece).body,
                std::to_string(expected.size()));
    }
  }
  EXPECT_EQ(exchange(chunked_bytes_of({"POST /v1/keys/k/append"}, 1)).body,
            std::to_string(expected.size()));
  EXPECT_EQ(value_of("k"), expected);
}

// Others get their turns while a large value is made, however often they are quicker.
TEST_F(KeyJoiningTest, OneThatIsOvertakenBeginsAnewAndHoldsUpNobody) {
  const std::string added(60 * kKiB, 'm');
  const std::string request = bytes_of({"POST /v1/keys/k/append", "", added});
  for (const std::size_t size : {std::size_t{1}, 100 * kKiB, 300 * kKiB}) {
    store("k", std::string(300 * kKiB, 'v'));
    protocol::Connection connection(world_.context);
    std::string output;
    ASSERT_EQ(connection.receive(request, output), request.size());
    std::string value;
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(connection.has_more()) << i;
      ASSERT_EQ(output, "") << i;
      connection.receive("", output);
      value = std::string(size, static_cast<char>('A' + i % 26));
      store("k", value);
    }
    while (connection.has_more()) connection.receive("", output);
    EXPECT_EQ(read_reply(output).value_or(ReceivedReply{}).body,
              std::to_string(size + added.size()));
    EXPECT_TRUE(value_of("k") == value + added) << size;
  }
}

// What has been cleared lies about for a while, and is not taken for what is there.
TEST_F(KeyJoiningTest, OneWhoseEntryHasBeenClearedAddsToWhatIsThereNow) {
  store("k", std::string(300 * kKiB, 'v'));
  protocol::Connection connection(world_.context);
  std::string output;
  connection.receive(bytes_of({"POST /v1/keys/k/append", "", "m"}), output);
  connection.receive("", output);
  world_.cache.clear();
  const std::string value(400 * kKiB, 'w');
  store("k", value);
  while (connection.has_more()) connection.receive("", output);
  EXPECT_EQ(read_reply(output).value_or(ReceivedReply{}).body, std::to_string(value.size() + 1));
  EXPECT_TRUE(value_of("k") == value + "m");
}

TEST_F(KeyJoiningTest, OneWhoseEntryGoesMeanwhileIsNotFound) {
  store("k", std::string(300 * kKiB, 'v'));
  protocol::Connection connection(world_.context);
  std::string output;
  connection.receive(bytes_of({"POST /v1/keys/k/append", "", "m"}), output);
  ASSERT_TRUE(connection.has_more());
  connection.receive("", output);
  ASSERT_TRUE(world_.cache.erase("k"));
  while (connection.has_more()) connection.receive("", output);
  EXPECT_EQ(problem_of(read_reply(output).value_or(ReceivedReply{})), "key-not-found");
  EXPECT_EQ(world_.cache.stats().detached_bytes, 0U);
}

// A value grows step by step over every border, as a log does.
TEST_F(KeyJoiningTest, AValueMayGrowForLong) {
  store("k", "");
  std::string expected;
  for (int i = 0; expected.size() < 600 * kKiB; ++i) {
    const std::string more(1 + static_cast<std::size_t>(i) * 97 % 9000,
                           static_cast<char>('a' + i % 26));
    const bool in_front = i % 3 == 0;
    const ReceivedReply reply =
        ask({"POST /v1/keys/k/"s + (in_front ? "prepend" : "append"), "", more});
    expected = in_front ? more + expected : expected + more;
    ASSERT_EQ(reply.body, std::to_string(expected.size()));
    ASSERT_EQ(reply.field("ETag"), tag_of(expected, kText));
  }
  EXPECT_TRUE(value_of("k") == expected);
}

}  // namespace
}  // namespace cubby::test
