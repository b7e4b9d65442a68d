// What the operations of a batch do, and what each is answered with.

#include "protocol/batch.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "protocol/base64.hpp"
#include "protocol/batch_world.hpp"
#include "support/json_trace.hpp"

namespace cubby::protocol {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using nlohmann::json;
using test::batch_head;
using test::Loopback;
using test::results_of;
using test::send_batch;
using test::World;

json operation(const std::string& op, const std::string& key, json more = json::object()) {
  more["op"] = op;
  more["key"] = key;
  return more;
}

class BatchTest : public testing::Test {
 protected:
  ~BatchTest() override { EXPECT_EQ(world_.cache.check_invariants(), ""); }

  json run(const json& operations) { return results_of(world_, operations.dump()); }
  // The result of one operation.
  json run_one(const json& operation) {
    return results_of(world_, "[" + operation.dump() + "]")[0];
  }
  json run_text(const std::string& operation) {
    return results_of(world_, "[" + operation + "]")[0];
  }

  void expect_problem(json result, int status, const std::string& name) {
    EXPECT_EQ(result["status"], status) << result;
    EXPECT_EQ(result["type"], "urn:cubby:error:" + name) << result;
    EXPECT_TRUE(result["title"].is_string()) << result;
    EXPECT_TRUE(result["detail"].is_string()) << result;
    EXPECT_EQ(result.size(), 4U) << result;
  }

  World world_;
};

TEST_F(BatchTest, EveryOperationHasItsOwnResult) {
  json results = run({
      operation("put", "a", {{"value", "one"}}),
      operation("put", "a", {{"value", "two"}}),
      operation("get", "a"),
      operation("get", "none"),
      operation("incr", "n", {{"by", 5}, {"initial", -2}}),
      operation("incr", "n"),
      operation("touch", "a", {{"ttl", 60.5}}),
      operation("touch", "none"),
      operation("delete", "a"),
      operation("delete", "a"),
  });
  ASSERT_EQ(results.size(), 10U);
  EXPECT_EQ(results[0]["status"], 201);
  EXPECT_EQ(results[1]["status"], 204);
  EXPECT_NE(results[0]["etag"], results[1]["etag"]);
  EXPECT_EQ(results[2], json({{"status", 200},
                              {"value", "two"},
                              {"content_type", "text/plain; charset=utf-8"},
                              {"etag", results[1]["etag"]},
                              {"age", 0},
                              {"ttl", nullptr}}));
  expect_problem(results[3], 404, "key-not-found");
  EXPECT_EQ(results[4]["status"], 200);
  EXPECT_EQ(results[4]["value"], 3);
  EXPECT_EQ(results[5]["value"], 4);
  EXPECT_EQ(results[5].size(), 3U);
  EXPECT_EQ(results[6], json({{"status", 204}}));
  expect_problem(results[7], 404, "key-not-found");
  EXPECT_EQ(results[8], json({{"status", 204}}));
  expect_problem(results[9], 404, "key-not-found");
  EXPECT_EQ(world_.cache.stats().entries, 1U);
}

TEST_F(BatchTest, AMissIsNoEmptyValue) {
  run_one(operation("put", "empty", {{"value", ""}}));
  json results = run({operation("get", "empty"), operation("get", "none")});
  EXPECT_EQ(results[0]["status"], 200);
  EXPECT_EQ(results[0]["value"], "");
  EXPECT_EQ(results[1]["status"], 404);
  EXPECT_FALSE(results[1].contains("value"));
}

TEST_F(BatchTest, AFailureHidesNoOther) {
  std::string body = "[";
  const std::vector<std::pair<std::string, int>> operations = {
      {R"({"op":"put","key":"a","value":"v"})", 201},
      {R"(1)", 400},
      {R"({"op":"get","key":"a"})", 200},
      {R"({"op":"frob","key":"a"})", 400},
      {R"([{"op":"delete","key":"a"}])", 400},
      {R"({"op":"get","key":"a","x":{"op":"delete","key":"a"}})", 400},
      {R"({"op":"incr","key":"a"})", 409},
      {R"("delete")", 400},
      {R"({"op":"get","key":"a"})", 200},
      {R"({"op":"get","key":""})", 400},
      {R"({"op":"delete","key":"a","if_match":"\"0\""})", 412},
      {R"({"op":"delete","key":"a","if_match":""})", 412},
      {R"({"op":"get","key":"none"})", 404},
      {R"({"op":"get","key":"a"})", 200},
  };
  for (const auto& [text, status] : operations) body += (body.size() > 1 ? "," : "") + text;
  json results = results_of(world_, body + "]");
  ASSERT_EQ(results.size(), operations.size());
  for (std::size_t i = 0; i < operations.size(); ++i) {
    EXPECT_EQ(results[i]["status"], operations[i].second) << operations[i].first << results[i];
  }
}

TEST_F(BatchTest, SaysWhatIsWrongWithAnOperation) {
  const struct {
    std::string text;
    std::string name;
  } cases[] = {
      {"null", "operation-not-object"},
      {"[]", "operation-not-object"},
      {"[[]]", "operation-not-object"},
      {R"("")", "operation-not-object"},
      {R"("\n")", "operation-not-object"},
      {"{}", "unknown-operation"},
      {R"({"key":"k"})", "unknown-operation"},
      {R"({"op":"GET","key":"k"})", "unknown-operation"},
      {R"({"op":"take","key":"k"})", "unknown-operation"},
      {R"({"op":"","key":"k"})", "unknown-operation"},
      {R"({"op":1,"key":"k"})", "unknown-operation"},
      {R"({"op":{"op":"get"},"key":"k"})", "unknown-operation"},
      {R"({"op":"get"})", "key-missing"},
      {R"({"op":"get","key":""})", "key-empty"},
      {R"({"op":"get","key":1})", "key-not-string"},
      {R"({"op":"get","key":null})", "key-not-string"},
      {R"({"op":"get","key":["k"]})", "key-not-string"},
      {R"({"op":"get","key":")" + std::string(257, 'k') + "\"}", "key-too-long"},
      {R"({"op":"get","key":")" + std::string(5000, 'k') + "\"}", "key-too-long"},
      {R"({"op":"get","key":"k","key":"k"})", "repeated-member"},
      {R"({"op":"get","op":"get","key":"k"})", "repeated-member"},
      {R"({"op":"get","key":"k","Key":"k"})", "unknown-member"},
      {R"({"op":"get","key":"k","":0})", "unknown-member"},
      {R"({"op":"get","key":"k","a":{}})", "unknown-member"},
      {R"({"op":"get","key":"k","a":[[{}]]})", "unknown-member"},
      {R"({"op":"get","key":"k","value":"v"})", "unknown-member"},
      {R"({"op":"get","key":"k","by":1})", "unknown-member"},
      {R"({"op":"delete","key":"k","ttl":1})", "unknown-member"},
      {R"({"op":"incr","key":"k","value":"1"})", "unknown-member"},
      {R"({"op":"touch","key":"k","content_type":"a/b"})", "unknown-member"},
      {R"({"op":"put","key":"k","value":"v","initial":1})", "unknown-member"},
      {R"({"op":"put","key":"k"})", "value-missing"},
      {R"({"op":"put","key":"k","value":1})", "value-not-string"},
      {R"({"op":"put","key":"k","value":null})", "value-not-string"},
      {R"({"op":"put","key":"k","value":{}})", "value-not-string"},
      {R"({"op":"put","key":"k","value":"v","value_base64":"dg=="})", "bad-member"},
      {R"({"op":"put","key":"k","value_base64":1})", "bad-member"},
      {R"({"op":"put","key":"k","value_base64":"dg"})", "bad-base64"},
      {R"({"op":"put","key":"k","value_base64":"dh=="})", "bad-base64"},
      {R"({"op":"put","key":"k","value_base64":"d\n=="})", "bad-base64"},
      {R"({"op":"put","key":"k","value":"v","content_type":1})", "bad-member"},
      {R"({"op":"put","key":"k","value":"v","content_type":"a\r\nSet-Cookie: b"})",
       "bad-content-type"},
      {R"({"op":"put","key":"k","value":"v","content_type":"a\u0000"})", "bad-content-type"},
      {R"({"op":"put","key":"k","value":"v","content_type":"a\u007f"})", "bad-content-type"},
      {R"({"op":"put","key":"k","value":"v","content_type":" a"})", "bad-content-type"},
      {R"({"op":"put","key":"k","value":"v","content_type":"a\t"})", "bad-content-type"},
      {R"({"op":"put","key":"k","value":"v","content_type":")" + std::string(256, 'a') + "\"}",
       "bad-content-type"},
      {R"({"op":"put","key":"k","value":"v","content_encoding":"gzip\n"})", "bad-content-encoding"},
      {R"({"op":"put","key":"k","value":"v","content_encoding":"\u0001"})", "bad-content-encoding"},
      {R"({"op":"put","key":"k","value":"v","content_encoding":")" + std::string(256, 'a') + "\"}",
       "bad-content-encoding"},
      {R"({"op":"put","key":"k","value":"v","content_encoding":null})", "bad-member"},
      {R"({"op":"put","key":"k","value":"v","ttl":0})", "bad-ttl"},
      {R"({"op":"put","key":"k","value":"v","ttl":-1})", "bad-ttl"},
      {R"({"op":"put","key":"k","value":"v","ttl":315360001})", "bad-ttl"},
      {R"({"op":"put","key":"k","value":"v","ttl":"1"})", "bad-ttl"},
      {R"({"op":"put","key":"k","value":"v","ttl":null})", "bad-ttl"},
      {R"({"op":"get","key":"k","ttl":)" + std::string(65, '1') + "}", "bad-ttl"},
      {R"({"op":"incr","key":"k","by":1.0})", "bad-number"},
      {R"({"op":"incr","key":"k","by":1e2})", "bad-number"},
      {R"({"op":"incr","key":"k","by":"1"})", "bad-number"},
      {R"({"op":"incr","key":"k","by":null})", "bad-number"},
      {R"({"op":"incr","key":"k","by":[1]})", "bad-number"},
      {R"({"op":"incr","key":"k","by":9223372036854775808})", "bad-number"},
      {R"({"op":"incr","key":"k","initial":-9223372036854775809})", "bad-number"},
      {R"({"op":"incr","key":"k","initial":)" + std::string(65, '0').replace(0, 1, "1") + "}",
       "bad-number"},
      {R"({"op":"get","key":"k","if_match":"a"})", "bad-etag"},
      {R"({"op":"get","key":"k","if_none_match":"\"a\" \"b\""})", "bad-etag"},
      {R"({"op":"get","key":"k","if_match":1})", "bad-member"},
      {R"({"op":"get","key":"k","if_none_match":["*"]})", "bad-member"},
  };
  for (const auto& [text, name] : cases) {
    json result = run_text(text);
    expect_problem(result, 400, name);
    EXPECT_EQ(world_.cache.stats().entries, 0U) << text;
  }
}

TEST_F(BatchTest, MembersComeInAnyOrder) {
  const std::vector<std::string> members = {R"("op":"put")", R"("key":"k")", R"("value":"v\n")",
                                            R"("content_type":"a/b")", R"("ttl":30)"};
  std::vector<std::size_t> order = {0, 1, 2, 3, 4};
  do {
    world_.cache.clear();
    std::string text = "{";
    for (const std::size_t i : order) text += (text.size() > 1 ? " , " : " ") + members[i];
    EXPECT_EQ(run_text(text + "}")["status"], 201) << text;
    json entry = run_one(operation("get", "k"));
    EXPECT_EQ(entry["value"], "v\n");
    EXPECT_EQ(entry["content_type"], "a/b");
    EXPECT_EQ(entry["ttl"], 30.0);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_F(BatchTest, NamesAndStringsMayBeEscaped) {
  EXPECT_EQ(
      run_text(
          R"({"\u006fp":"p\u0075t","k\u0065y":"\u20ac\ud83e\udd8a","value":"\u0000"})")["status"],
      201);
  EXPECT_EQ(world_.cache.get("€🦊").has_value(), true);
  EXPECT_EQ(run_one(operation("get", "€🦊"))["value"], "\0"s);
}

TEST_F(BatchTest, KeepsTheTypeAndTheEncoding) {
  json results = run({
      operation("put", "t", {{"value", "v"}}),
      operation("put", "b", {{"value_base64", "dg=="}}),
      operation("put", "z", {{"value_base64", "H4s="}, {"content_encoding", "gzip"}}),
      operation("put", "i", {{"value", "v"}, {"content_encoding", "Identity, "}}),
      operation("put", "o", {{"value", "v"}, {"content_type", "a/b; c=\"é\""}}),
      operation("put", "e", {{"value", "v"}, {"content_type", ""}, {"content_encoding", ""}}),
      operation("put", "l", {{"value", "v"}, {"content_type", std::string(255, 'a')}}),
      operation("get", "t"),
      operation("get", "b"),
      operation("get", "z"),
      operation("get", "i"),
      operation("get", "o"),
      operation("get", "e"),
      operation("get", "l"),
  });
  EXPECT_EQ(results[7]["content_type"], "text/plain; charset=utf-8");
  EXPECT_EQ(results[8]["content_type"], "application/octet-stream");
  EXPECT_EQ(results[8]["value"], "v");
  EXPECT_EQ(results[9]["content_encoding"], "gzip");
  EXPECT_EQ(results[9]["value_base64"], "H4s=");
  EXPECT_FALSE(results[9].contains("value"));
  EXPECT_FALSE(results[10].contains("content_encoding"));
  EXPECT_EQ(results[11]["content_type"], "a/b; c=\"é\"");
  EXPECT_EQ(results[12]["content_type"], "text/plain; charset=utf-8");
  EXPECT_FALSE(results[12].contains("content_encoding"));
  EXPECT_EQ(results[13]["content_type"], std::string(255, 'a'));
  EXPECT_NE(results[7]["etag"], results[8]["etag"]);
}

TEST_F(BatchTest, ATypeThatIsNotUtf8IsShownAllTheSame) {
  Loopback peer(world_);
  peer.send(
      "PUT /v1/keys/k HTTP/1.1\r\nHost: a\r\nContent-Type: a/\xe9\r\nContent-Length: 1\r\n\r\nv");
  json entry = run_one(operation("get", "k"));
  EXPECT_EQ(entry["content_type"], "a/é");
}

TEST_F(BatchTest, EveryByteComesBack) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  std::string text;
  Base64Encoder encoder;
  encoder.take(text, bytes);
  encoder.finish(text);
  run_one(operation("put", "k", {{"value_base64", text}}));
  json entry = run_one(operation("get", "k"));
  EXPECT_EQ(entry["value_base64"], text);
  Loopback peer(world_);
  peer.send("GET /v1/keys/k HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto reply = test::read_reply(peer.received);
  EXPECT_EQ(reply->body, bytes);
  EXPECT_EQ(reply->field("ETag"), entry["etag"]);
}

TEST_F(BatchTest, ShowsWhatThePutOfOldStored) {
  world_.cache.put("k", "v");
  json entry = run_one(operation("get", "k"));
  EXPECT_EQ(entry["value"], "v");
  EXPECT_EQ(entry["content_type"], "text/plain; charset=utf-8");
  EXPECT_FALSE(entry.contains("age"));
  EXPECT_EQ(run_one(operation("put", "k", {{"value", "v"}}))["etag"], entry["etag"]);
}

TEST_F(BatchTest, ConditionsAreThoseOfTheFields) {
  json tag = run_one(operation("put", "k", {{"value", "v"}}))["etag"];
  const std::string other = "\"0123456789abcdef\"";
  json results = run({
      operation("get", "k", {{"if_none_match", tag}}),
      operation("get", "k", {{"if_none_match", "W/" + tag.get<std::string>()}}),
      operation("get", "k", {{"if_none_match", other}}),
      operation("get", "k", {{"if_match", other}}),
      operation("get", "k", {{"if_match", other + ", " + tag.get<std::string>()}}),
      operation("get", "none", {{"if_match", "*"}}),
      operation("put", "k", {{"value", "w"}, {"if_none_match", "*"}}),
      operation("put", "k", {{"value", "w"}, {"if_match", other}}),
      operation("put", "k", {{"value", "w"}, {"if_match", tag}}),
      operation("put", "n", {{"value", "1"}, {"if_match", "*"}}),
      operation("put", "n", {{"value", "1"}, {"if_none_match", "*"}}),
      operation("incr", "n", {{"if_match", other}}),
      operation("incr", "n", {{"if_match", "*"}}),
      operation("touch", "k", {{"if_match", tag}}),
      operation("delete", "k", {{"if_match", tag}}),
      operation("delete", "k", {{"if_match", "*"}}),
  });
  const int statuses[] = {304, 304, 200, 412, 200, 404, 412, 412,
                          204, 412, 201, 412, 200, 412, 412, 204};
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i]["status"], statuses[i]) << i << results[i];
  }
  EXPECT_EQ(results[0], json({{"status", 304}, {"etag", tag}}));
  EXPECT_EQ(results[12]["value"], 2);
}

TEST_F(BatchTest, CountersKeepToSixtyFourBits) {
  json results = results_of(world_, R"([
    {"op":"incr","key":"a","initial":9223372036854775806},
    {"op":"incr","key":"a"},
    {"op":"incr","key":"b","initial":-9223372036854775807,"by":-1},
    {"op":"incr","key":"b","by":-1},
    {"op":"incr","key":"c","by":-0},
    {"op":"get","key":"a"},
    {"op":"put","key":"d","value":"01"},
    {"op":"incr","key":"d"}])");
  EXPECT_EQ(results[0]["value"], 9223372036854775807);
  expect_problem(results[1], 409, "overflow");
  EXPECT_EQ(results[2]["value"], std::numeric_limits<std::int64_t>::min());
  expect_problem(results[3], 409, "overflow");
  EXPECT_EQ(results[4]["value"], 0);
  EXPECT_EQ(results[5]["value"], "9223372036854775807");
  EXPECT_EQ(results[5]["etag"], results[0]["etag"]);
  expect_problem(results[7], 409, "not-a-number");
}

TEST_F(BatchTest, TimesToLive) {
  run({operation("put", "p", {{"value", "v"}, {"ttl", 10}}), operation("incr", "i", {{"ttl", 20}}),
       operation("put", "t", {{"value", "v"}}),
       operation("put", "g", {{"value", "v"}, {"ttl", 10}})});
  world_.clock.advance(4s);
  json results = run({
      operation("get", "p"),
      operation("incr", "i"),
      operation("get", "i"),
      operation("get", "g", {{"ttl", 50.25}}),
      operation("touch", "t", {{"ttl", 5}}),
      operation("touch", "p"),
      operation("get", "t"),
      operation("get", "g"),
      operation("get", "p"),
  });
  EXPECT_EQ(results[0]["ttl"], 6.0);
  EXPECT_EQ(results[2]["ttl"], 16.0);
  EXPECT_EQ(results[3]["ttl"], 50.25);
  EXPECT_EQ(results[6]["ttl"], 5.0);
  EXPECT_EQ(results[7]["ttl"], 50.25);
  EXPECT_EQ(results[8]["ttl"], 6.0);
  world_.clock.advance(6s);
  EXPECT_EQ(run_one(operation("get", "p"))["status"], 404);
}

TEST_F(BatchTest, SaysHowOldAnEntryIs) {
  run_one(operation("put", "k", {{"value", "v"}}));
  DateHeader later(test::kTestTime + 17s);
  Context context{.cache = world_.cache, .limits = world_.limits, .ttl = world_.ttl, .date = later};
  Connection connection(context);
  std::string output;
  const std::string body = R"([{"op":"get","key":"k"}])";
  connection.receive(batch_head(body.size()) + body, output);
  EXPECT_EQ(json::parse(test::read_reply(output)->body)[0]["age"], 17);
}

TEST_F(BatchTest, HowTheBodyIsCutChangesNothing) {
  const std::string body = R"([{"op":"put","key":"k\u00e9y","value":"a\nb€","ttl":1.5e1},)"
                           R"( {"value_base64":"/w==","key":"b","op":"put"},1,"x\ty",[{"a":[]}],)"
                           R"({"op":"get","key":"kéy"},{"key":"b","op":"get","frob":true},)"
                           R"({"op":"incr","key":"n","by":-12},{"op":"incr","key":"n"} ] )";
  World whole_world;
  const std::string whole = send_batch(whole_world, body).body;
  EXPECT_EQ(json::parse(whole).size(), 9U);
  const auto cut_at = [&](const std::vector<std::size_t>& cuts) {
    World world;
    Loopback peer(world);
    peer.send(batch_head(body.size()));
    test::for_each_piece(body, cuts, [&](std::string_view piece) { peer.send(piece); });
    return test::read_reply(peer.received)->body;
  };
  EXPECT_EQ(cut_at(test::every_cut(body.size())), whole);
  for (std::size_t cut = 0; cut <= body.size(); ++cut) EXPECT_EQ(cut_at({cut}), whole) << cut;
}

// What has been run cannot be taken back, so it must be told.
TEST_F(BatchTest, ThatIsGivenUpSaysWhatHasBeenRun) {
  json operations = json::array();
  for (int i = 0; i < 500; ++i) operations.push_back(operation("incr", "n"));
  const std::string body = operations.dump();
  Connection connection(world_.context);
  std::string output;
  connection.receive("POST /v1/batch HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                         std::to_string(body.size()) + "\r\n\r\n" + body,
                     output);
  ASSERT_TRUE(connection.has_more());
  connection.give_up(Error::no_room, "", output);
  EXPECT_TRUE(connection.finished());
  EXPECT_TRUE(connection.should_linger()) << "more may have been sent behind it";
  EXPECT_NE(output.find("Connection: close\r\n"), std::string::npos);
  const auto reply = test::read_reply(output);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 200);
  const json results = json::parse(reply->body);
  ASSERT_EQ(results.size(), 500U);
  const std::int64_t run = std::stoll(world_.cache.get("n")->substr(6));
  EXPECT_LT(run, 500);
  for (std::int64_t i = 0; i < 500; ++i) {
    EXPECT_EQ(results[static_cast<std::size_t>(i)]["status"], i < run ? 200 : 503) << i;
  }
}

}  // namespace
}  // namespace cubby::protocol
