// How much a batch may be, and what is wrong with all of it.

#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "protocol/base64.hpp"
#include "protocol/batch.hpp"
#include "protocol/batch_reply.hpp"
#include "protocol/batch_world.hpp"
#include "support/json_trace.hpp"

namespace cubby::protocol {
namespace {

using namespace std::string_literals;
using nlohmann::json;
using test::batch_head;
using test::Loopback;
using test::ReceivedReply;
using test::results_of;
using test::send_batch;
using test::World;

std::string repeat(const std::string& text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

// [x,x,...,x]
std::string list_of(const std::string& operation, std::size_t count) {
  std::string text = repeat(operation + ",", count);
  if (count > 0) text.pop_back();
  return "[" + text + "]";
}

Error check(std::string_view body, const std::vector<std::size_t>& cuts,
            const Limits& limits = {}) {
  BatchBody reader(limits);
  Error error = Error::none;
  test::for_each_piece(body, cuts, [&](std::string_view piece) {
    if (error == Error::none) error = reader.take(piece);
  });
  return error == Error::none ? reader.finish() : error;
}

TEST(BatchCheckTest, SaysWhatIsWrongWithAllOfIt) {
  const struct {
    std::string body;
    Error error;
  } cases[] = {
      {"", Error::bad_json},
      {" ", Error::bad_json},
      {"[", Error::bad_json},
      {"[]x", Error::bad_json},
      {"[][]", Error::bad_json},
      {"[,]", Error::bad_json},
      {"[1,]", Error::bad_json},
      {"[{]", Error::bad_json},
      {R"([{"op":"get","key":"k"})", Error::bad_json},
      {R"([{"op":"get","key":"k"}}])", Error::bad_json},
      {R"([{"op":"get","key":"\ud800"}])", Error::bad_json},
      {"[\"\xff\"]", Error::bad_json},
      {"{}", Error::json_not_array},
      {R"({"op":"get"})", Error::json_not_array},
      {"1", Error::json_not_array},
      {"null", Error::json_not_array},
      {R"("[]")", Error::json_not_array},
      {"\"[ and so on", Error::json_not_array},
      {repeat("[", 32) + repeat("]", 32), Error::none},
      {repeat("[", 33) + repeat("]", 33), Error::json_too_deep},
      {"[]", Error::none},
      {" [ ] ", Error::none},
      {R"([1,"a","\n",null,{},[],-1.5e3])", Error::none},
  };
  for (const auto& [body, error] : cases) {
    EXPECT_EQ(check(body, {}), error) << body;
    EXPECT_EQ(check(body, test::every_cut(body.size())), error) << body;
    for (std::size_t cut = 0; cut <= body.size(); ++cut) {
      EXPECT_EQ(check(body, {cut}), error) << body << " cut at " << cut;
    }
  }
}

TEST(BatchCheckTest, CountsTheOperationsWhateverTheyAre) {
  for (const char* operation : {"{}", "1", "\"\"", "\"a\\nb\"", "null", "[1,[2],{\"a\":3}]"}) {
    for (const bool cut : {false, true}) {
      const auto error_of = [&](std::size_t count) {
        const std::string body = list_of(operation, count);
        return check(body, cut ? test::every_cut(body.size()) : std::vector<std::size_t>());
      };
      EXPECT_EQ(error_of(1), Error::none);
      EXPECT_EQ(error_of(kMaxOperations), Error::none);
      EXPECT_EQ(error_of(kMaxOperations + 1), Error::too_many_operations);
    }
  }
}

TEST(BatchCheckTest, TwoLevelsAreAlwaysAllowed) {
  const Limits limits{.max_json_depth = 1};
  EXPECT_EQ(check("[{}]", {}, limits), Error::none);
  EXPECT_EQ(check("[[[]]]", {}, limits), Error::json_too_deep);
}

TEST(BatchCheckTest, StopsAtTheLargestSize) {
  BatchCheck largest{Limits()};
  EXPECT_EQ(largest.take("[]" + std::string(kMaxBatchBytes - 2, ' ')), Error::none);
  EXPECT_EQ(largest.finish(), Error::none);
  BatchCheck larger{Limits()};
  EXPECT_EQ(larger.take("[]" + std::string(kMaxBatchBytes - 2, ' ')), Error::none);
  EXPECT_EQ(larger.take(" "), Error::batch_too_large);
  BatchCheck at_once{Limits()};
  EXPECT_EQ(at_once.take("[]" + std::string(kMaxBatchBytes - 1, ' ')), Error::batch_too_large);
  BatchCheck wrong_first{Limits()};
  EXPECT_EQ(wrong_first.take("[}" + std::string(kMaxBatchBytes, ' ')), Error::bad_json);
}

TEST(BatchCheckTest, TheLargestSizeIsALimit) {
  for (const std::size_t most : {2U, 3U, 100U}) {
    const Limits limits{.max_batch_bytes = most};
    BatchCheck largest(limits);
    EXPECT_EQ(largest.take("[" + std::string(most - 2, ' ') + "]"), Error::none);
    EXPECT_EQ(largest.finish(), Error::none);
    BatchCheck larger(limits);
    EXPECT_EQ(larger.take("[" + std::string(most - 2, ' ') + "] "), Error::batch_too_large);
  }
}

TEST(BatchBodyTest, HoldsInProportionToWhatHasArrived) {
  for (const char* text : {"{},", R"({"op":"put","value":"\n\n\n\n\n\n\n\n"},)"}) {
    BatchBody body{Limits()};
    const std::size_t before = body.memory_bytes();
    EXPECT_LE(before, 1000U);
    ASSERT_EQ(body.take("["), Error::none);
    std::size_t arrived = 1;
    for (std::size_t i = 0; i < kMaxOperations; ++i) {
      ASSERT_EQ(body.take(text), Error::none);
      ASSERT_EQ(body.keep(), Error::none);
      arrived += std::string(text).size();
      ASSERT_GE(body.memory_bytes(), arrived);
      ASSERT_LE(body.memory_bytes(), before + 100 + 2 * arrived);
    }
    EXPECT_EQ(body.staged_bytes(), 0U);
  }
}

// What it takes more at once may have to be evicted for it at once.
TEST(BatchBodyTest, GrowsInSteps) {
  BatchBody body{Limits()};
  ASSERT_EQ(body.take("["), Error::none);
  std::size_t before = body.memory_bytes();
  for (int i = 0; i < 16'000; ++i) {
    ASSERT_EQ(body.take(std::string(1000, ' ')), Error::none);
    ASSERT_LE(body.memory_bytes(), before + (std::size_t{2} << 20) + 1000) << i;
    before = body.memory_bytes();
  }
}

class BatchLimitsTest : public testing::Test {
 protected:
  ~BatchLimitsTest() override { EXPECT_EQ(world_.cache.check_invariants(), ""); }

  void put(const std::string& key, const std::string& value) {
    Loopback peer(world_);
    peer.send("PUT /v1/keys/" + key + " HTTP/1.1\r\nHost: a\r\nContent-Length: " +
              std::to_string(value.size()) + "\r\n\r\n" + value);
    ASSERT_EQ(test::read_reply(peer.received)->status, 201);
  }

  World world_{Limits{.max_value_bytes = std::size_t{20} << 20}};
};

TEST_F(BatchLimitsTest, AnyNumberOfOperationsUpToTheMost) {
  EXPECT_EQ(results_of(world_, "[]"), json::array());
  EXPECT_EQ(send_batch(world_, "[]").body, "[]");
  for (const std::size_t count :
       {std::size_t{1}, std::size_t{100}, std::size_t{101}, kMaxOperations}) {
    world_.cache.clear();
    json results = results_of(world_, list_of(R"({"op":"incr","key":"n"})", count));
    ASSERT_EQ(results.size(), count);
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(results[i]["value"], i + 1);
  }
}

TEST_F(BatchLimitsTest, NothingIsRunWhenSomethingIsWrongWithAllOfIt) {
  const std::string incr = R"({"op":"incr","key":"n"})";
  const struct {
    std::string body;
    int status;
    std::string name;
  } cases[] = {
      {"[" + incr + "," + incr, 400, "bad-json"},
      {"[" + incr + ",]", 400, "bad-json"},
      {incr, 400, "json-not-array"},
      {list_of(incr, kMaxOperations + 1), 413, "too-many-operations"},
  };
  for (const auto& [body, status, name] : cases) {
    for (const bool whole : {true, false}) {
      Loopback peer(world_);
      peer.send(batch_head(body.size()));
      if (!whole) peer.send(body.substr(0, 1));
      peer.send(body.substr(whole ? 0 : 1));
      const auto reply = test::read_reply(peer.received);
      ASSERT_TRUE(reply);
      EXPECT_EQ(reply->status, status) << body.substr(0, 100);
      EXPECT_FALSE(peer.connection.finished());
      EXPECT_EQ(world_.cache.stats().entries, 0U);
    }
  }
  EXPECT_EQ(send_batch(world_, "").status, 400);
}

TEST_F(BatchLimitsTest, TheLargestBodyIsTaken) {
  const std::string before = R"([{"op":"put","key":"k","value":")";
  const std::string value(kMaxBatchBytes - before.size() - 3, 'v');
  const std::string largest = before + value + "\"}]";
  ASSERT_EQ(largest.size(), kMaxBatchBytes);
  EXPECT_EQ(results_of(world_, largest)[0]["status"], 201);
  EXPECT_EQ(results_of(world_, R"([{"op":"get","key":"k"}])")[0]["value"], value);

  Loopback counted(world_);
  counted.send(batch_head(kMaxBatchBytes + 1));
  EXPECT_EQ(test::read_reply(counted.received)->status, 413);
  EXPECT_NE(counted.received.find("16777216"), std::string::npos);
  EXPECT_TRUE(counted.connection.finished());

  Loopback chunked(world_);
  chunked.send(
      "POST /v1/batch HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1000000\r\n");
  chunked.send(largest);
  EXPECT_EQ(chunked.received, "");
  chunked.send("\r\n1\r\n");
  EXPECT_EQ(test::read_reply(chunked.received)->status, 413);
  EXPECT_NE(chunked.received.find("16777216"), std::string::npos);
}

TEST_F(BatchLimitsTest, AValueMayBeAsLargeAsAnyOther) {
  World world(Limits{.max_value_bytes = 1000});
  const auto status_of_put = [&](const std::string& member, const std::string& value) {
    json operation = {{"op", "put"}, {"key", "k"}, {member, value}};
    return results_of(world, "[" + operation.dump() + "]")[0]["status"];
  };
  EXPECT_EQ(status_of_put("value", std::string(1000, '\n')), 201);
  EXPECT_EQ(status_of_put("value", std::string(1001, '\n')), 413);
  EXPECT_EQ(status_of_put("value_base64", std::string(1332, 'A') + "AA=="), 204);
  EXPECT_EQ(status_of_put("value_base64", std::string(1332, 'A') + "AAA="), 413);
}

TEST_F(BatchLimitsTest, LargeValuesComeBack) {
  std::string text(700'001, 'x');
  for (std::size_t i = 0; i < text.size(); i += 7) text[i] = i % 2 == 0 ? '"' : '\n';
  std::string bytes = text;
  bytes[300'000] = '\xff';
  put("text", text);
  put("bytes", bytes);
  put("plain", std::string(300'000, 'p'));
  put("middle", bytes.substr(0, kLargeValueBytes - 10));
  std::string base64;
  Base64Encoder encoder;
  encoder.take(base64, bytes);
  encoder.finish(base64);
  json results = results_of(
      world_, R"([{"op":"get","key":"text"},{"op":"get","key":"bytes"},{"op":"get","key":"plain"},)"
              R"({"op":"get","key":"middle"},{"op":"put","key":"text","value":"v"}])");
  EXPECT_EQ(results[0]["value"], text);
  EXPECT_EQ(results[1]["value_base64"], base64);
  EXPECT_EQ(results[2]["value"], std::string(300'000, 'p'));
  EXPECT_EQ(results[3]["value"], bytes.substr(0, kLargeValueBytes - 10));
  EXPECT_EQ(results[4]["status"], 204);
  EXPECT_EQ(world_.cache.stats().detached_bytes, 0U);
}

TEST_F(BatchLimitsTest, LargeValuesAreNotCopied) {
  const std::string text(kLargeValueBytes + 1, 't');
  put("text", text);
  put("quoted", std::string(kLargeValueBytes + 1, '"'));
  put("bytes", std::string(kLargeValueBytes + 1, '\xff'));
  const std::string body =
      R"([{"op":"get","key":"text"},{"op":"get","key":"quoted"},{"op":"get","key":"bytes"},)"
      R"({"op":"put","key":"text","value":"new"}])";
  Connection connection(world_.context);
  std::string input = batch_head(body.size()) + body;
  std::string received;
  std::vector<Notation> notations;
  do {
    std::string output;
    input.erase(0, connection.receive(input, output));
    EXPECT_LT(output.size() + connection.memory_bytes(), 2000U);
    received += output;
    if (const auto large = connection.take_large_body()) {
      notations.push_back(large->notation);
      test::append_to(received, *large);
    }
  } while (connection.has_more());
  EXPECT_EQ(notations,
            (std::vector<Notation>{Notation::plain, Notation::escaped, Notation::base64}));
  const auto reply = test::read_reply(received);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->size, received.size());
  const json results = json::parse(reply->body);
  EXPECT_EQ(results[0]["value"], text);
  EXPECT_EQ(results[1]["value"].get<std::string>().size(), kLargeValueBytes + 1);
  EXPECT_EQ(results[2]["value_base64"].get<std::string>().size(),
            base64_size(kLargeValueBytes + 1));
  EXPECT_EQ(results[3]["status"], 204);
}

TEST_F(BatchLimitsTest, TheValuesOfAReplyAreBounded) {
  put("half", std::string(kMaxReplyValueBytes / 2, 'h'));
  put("one", "1");
  json results = results_of(
      world_, R"([{"op":"get","key":"half"},{"op":"get","key":"half"},{"op":"get","key":"one"},)"
              R"({"op":"get","key":"half","ttl":5},{"op":"get","key":"none"},)"
              R"({"op":"touch","key":"half"},{"op":"incr","key":"one"}])");
  EXPECT_EQ(results[0]["status"], 200);
  EXPECT_EQ(results[1]["status"], 200);
  EXPECT_EQ(results[2]["status"], 413);
  EXPECT_EQ(results[2]["type"], "urn:cubby:error:reply-too-large");
  EXPECT_EQ(results[3]["status"], 413);
  EXPECT_EQ(results[4]["status"], 404);
  EXPECT_EQ(results[5]["status"], 204);
  EXPECT_EQ(results[6]["value"], 2);
  // What was not shown has not been changed.
  EXPECT_EQ(results_of(world_, R"([{"op":"get","key":"half"}])")[0]["ttl"], nullptr);
}

// A value counts as it is written: this text takes six times its size, and these bytes four thirds.
TEST_F(BatchLimitsTest, TheBoundIsOnWhatTheReplyTakes) {
  put("fill", std::string(kMaxReplyValueBytes - 1200, 'f'));
  put("bytes", std::string(450, '\xff'));
  put("bytes1", std::string(451, '\xff'));
  put("text", std::string(100, '\x01'));
  put("text1", std::string(101, '\x01'));
  put("large", std::string(3'000'000, '\x01'));
  const std::pair<const char*, int> gets[] = {{"large", 413}, {"fill", 200},   {"bytes", 200},
                                              {"text1", 413}, {"bytes1", 413}, {"text", 200},
                                              {"text", 413},  {"bytes", 413}};
  json operations = json::array();
  for (const auto& [key, status] : gets) operations.push_back({{"op", "get"}, {"key", key}});
  json results = results_of(world_, operations.dump());
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i]["status"], gets[i].second) << gets[i].first;
  }
}

TEST_F(BatchLimitsTest, WhatWouldNotFitIsNotModifiedAllTheSame) {
  put("fill", std::string(kMaxReplyValueBytes, 'f'));
  put("k", "v");
  json tag = results_of(world_, R"([{"op":"get","key":"k"}])")[0]["etag"];
  json get = {{"op", "get"}, {"key", "k"}, {"if_none_match", tag}};
  json results = results_of(world_, R"([{"op":"get","key":"fill"},)" + get.dump() + "]");
  EXPECT_EQ(results[0]["status"], 200);
  EXPECT_EQ(results[1], json({{"status", 304}, {"etag", tag}}));
}

// Others get their turns, and what it holds meanwhile is known.
TEST_F(BatchLimitsTest, ALongBatchIsRunInPieces) {
  const std::string body = list_of(R"({"op":"incr","key":"n"})", kMaxOperations);
  Connection connection(world_.context);
  std::string output;
  EXPECT_EQ(connection.receive(batch_head(body.size()) + body, output),
            batch_head(body.size()).size() + body.size());
  EXPECT_EQ(output, "");
  EXPECT_TRUE(connection.has_more());
  EXPECT_GE(connection.memory_bytes(), body.size() / 2);
  int turns = 1;
  for (; connection.has_more(); ++turns) connection.receive("", output);
  EXPECT_GE(turns, 5);
  EXPECT_LE(turns, 20);
  EXPECT_EQ(test::read_reply(output)->status, 200);
  EXPECT_EQ(world_.cache.get("n").value_or("").substr(6), "1000");
  EXPECT_EQ(connection.memory_bytes(), 0U);
}

// Of forty values of 100 kB.
class LargeBatchTest : public BatchLimitsTest {
 protected:
  LargeBatchTest() {
    json operations = json::array();
    for (int i = 0; i < kValues; ++i) {
      world_.cache.put("k" + std::to_string(i), value_of(i));
      operations.push_back({{"op", "get"}, {"key", "k" + std::to_string(i)}});
    }
    body_ = operations.dump();
  }

  static std::string value_of(int i) { return std::string(100'000, static_cast<char>('A' + i)); }

  void expect_values(const std::string& body, int count = kValues) {
    const json results = json::parse(body);
    ASSERT_EQ(results.size(), kValues);
    for (int i = 0; i < kValues; ++i) {
      const json& result = results[static_cast<std::size_t>(i)];
      ASSERT_EQ(result["status"], i < count ? 200 : 503) << i;
      EXPECT_EQ(result.value("value", "") == value_of(i), i < count) << i;
    }
  }

  std::string body_to_http_1_0(const std::string& batch) {
    test::Loopback peer(world_);
    peer.send("POST /v1/batch HTTP/1.0\r\nContent-Length: " + std::to_string(batch.size()) +
              "\r\n\r\n" + batch);
    const auto reply = test::read_reply(peer.received).value_or(ReceivedReply{});
    EXPECT_EQ(reply.field("Content-Length"), std::to_string(reply.body.size()));
    return reply.body;
  }

  static constexpr int kValues = 40;
  std::string body_;
  const std::string large_ = std::string(kLargeValueBytes + 1, 'l');
  const std::string get_large_ = R"([{"op":"get","key":"large"},{"op":"get","key":"k0"}])";
};

TEST_F(LargeBatchTest, IsAnsweredInChunksAndNotKeptWhole) {
  Connection connection(world_.context);
  std::string input = batch_head(body_.size()) + body_ + "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
  std::string received;
  do {
    std::string output;
    input.erase(0, connection.receive(input, output));
    received += output;
    EXPECT_LT(connection.memory_bytes(), 1'000'000U) << "of 4 MB";
  } while (connection.has_more());
  EXPECT_EQ(input, "");
  const auto reply = test::read_reply(received);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->field("Transfer-Encoding"), "chunked");
  EXPECT_EQ(reply->field("Content-Type"), "application/json; charset=utf-8");
  expect_values(reply->body);
  const auto next = test::read_reply(received.substr(reply->size));
  ASSERT_TRUE(next);
  EXPECT_EQ(next->body, "OK\n");
  EXPECT_EQ(received.size(), reply->size + next->size);
}

// RFC 9112, section 6.1: chunks are not for HTTP/1.0.
TEST_F(LargeBatchTest, IsAnsweredWholeToHttp10) {
  expect_values(body_to_http_1_0(body_));
  put("large", large_);
  const json results = json::parse(body_to_http_1_0(get_large_));
  EXPECT_EQ(results[0]["value"], large_);
  EXPECT_EQ(results[1]["value"], value_of(0));
}

TEST_F(LargeBatchTest, ThatIsGivenUpBehindALargeValueEndsItsChunks) {
  put("large", large_);
  Connection connection(world_.context);
  std::string received;
  connection.receive(batch_head(get_large_.size()) + get_large_, received);
  const auto value = connection.take_large_body();
  ASSERT_TRUE(value);
  test::append_to(received, *value);
  connection.give_up(Error::no_room, "", received);
  EXPECT_TRUE(connection.finished());
  const auto reply = test::read_reply(received);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->size, received.size());
  const json results = json::parse(reply->body);
  EXPECT_EQ(results[0]["value"], large_);
  EXPECT_EQ(results[1]["status"], 503);
}

TEST_F(LargeBatchTest, ThatIsGivenUpEndsItsChunks) {
  Connection connection(world_.context);
  std::string output;
  std::string input = batch_head(body_.size()) + body_;
  while (output.empty()) input.erase(0, connection.receive(input, output));
  ASSERT_TRUE(connection.has_more());
  connection.give_up(Error::no_room, "", output);
  EXPECT_TRUE(connection.finished());
  const auto reply = test::read_reply(output);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->size, output.size());
  const auto first_refused = reply->body.find("\"status\":503");
  ASSERT_NE(first_refused, std::string::npos);
  expect_values(reply->body, static_cast<int>(first_refused / 100'000));
}

TEST_F(BatchLimitsTest, NoContentEncoding) {
  Loopback peer(world_);
  peer.send(
      "POST /v1/batch HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: "
      "2\r\n\r\n[]");
  EXPECT_EQ(test::read_reply(peer.received)->status, 415);
}

}  // namespace
}  // namespace cubby::protocol
