// What a connection allocates, and that it keeps nothing.

#include <string>

#include <gtest/gtest.h>

#include "protocol/connection.hpp"
#include "protocol/cors.hpp"
#include "protocol/put_reader.hpp"
#include "support/allocation_counter.hpp"
#include "support/loopback.hpp"

namespace cubby::protocol {
namespace {

using test::allocation_count;
using test::live_allocations;
using test::World;

std::string get(const std::string& key) {
  return "GET /get?key=" + key + " HTTP/1.1\r\nHost: localhost:7171\r\nAccept: */*\r\n\r\n";
}

class AllocationTest : public testing::Test {
 protected:
  AllocationTest() : connection_(world_.context) { output_.reserve(64 << 10); }

  // How many allocations it takes to receive `input` once everything has been used before.
  std::size_t allocations_for(const std::string& input) {
    connection_.receive(input, output_);
    output_.clear();
    const std::size_t before = allocation_count();
    EXPECT_EQ(connection_.receive(input, output_), input.size());
    return allocation_count() - before;
  }

  World world_;
  Connection connection_;
  std::string output_;
};

TEST_F(AllocationTest, AHitAllocatesNothing) {
  const std::string key = "a key that is long enough to need memory of its own";
  world_.cache.put(key, std::string(1000, 'x'));
  const std::string encoded = "a+key+that+is+long+enough+to+need+memory%20of%20its%20own";
  EXPECT_EQ(allocations_for(get(encoded)), 0U);
  EXPECT_EQ(allocations_for("HEAD" + get(encoded).substr(3)), 0U);
}

TEST_F(AllocationTest, AHitForAPageOfAnotherOriginAllocatesNothing) {
  world_.cache.put("k", "v");
  const std::string origin = "https://an.origin.that.needs.memory.of.its.own.example:8443";
  const std::string page = " HTTP/1.1\r\nHost: a\r\nOrigin: " + origin + "\r\n\r\n";
  for (const char* allowed : {origin.c_str(), "https://app.example", "*"}) {
    const Cors cors({allowed});
    world_.context.cors = &cors;
    EXPECT_EQ(allocations_for("GET /get?key=k" + page), 0U) << allowed;
    EXPECT_EQ(allocations_for("GET /v1/keys/k" + page), 0U) << allowed;
  }
}

TEST_F(AllocationTest, APutAllocatesNothing) {
  const std::string body =
      R"({"key":"a key that is long enough to need memory of its own","value":")" +
      std::string(1000, 'x') + R"(","ttl":60.5,"more":[1,{"a":"b"}]})";
  EXPECT_EQ(allocations_for("POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                            std::to_string(body.size()) + "\r\n\r\n" + body),
            0U);
}

TEST_F(AllocationTest, AHitOfV1AllocatesNothing) {
  const std::string put =
      "PUT /v1/keys/a%20key%20that%20is%20long%20enough%20to%20need%20memory HTTP/1.1\r\n"
      "Host: a\r\nContent-Type: a/type-that-is-none-of-the-common-ones\r\n"
      "Content-Length: 1000\r\n\r\n" +
      std::string(1000, 'x');
  EXPECT_EQ(allocations_for(put), 0U);
  const auto ask = [](const std::string& line, const std::string& fields = {}) {
    return line.substr(0, line.find(' ')) +
           " /v1/keys/a%20key%20that%20is%20long%20enough%20to%20need%20memory" +
           line.substr(line.find(' ') + 1) + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
  };
  EXPECT_EQ(allocations_for(ask("GET ")), 0U);
  EXPECT_EQ(allocations_for(ask("HEAD ")), 0U);
  EXPECT_EQ(allocations_for(ask("GET ?ttl=60")), 0U);
  EXPECT_EQ(allocations_for(ask("GET ", "If-None-Match: *\r\n")), 0U);
  EXPECT_EQ(allocations_for(ask("GET ", "If-None-Match: \"a\", \"0123456789abcdef\"\r\n")), 0U);
  EXPECT_EQ(allocations_for(ask("POST /touch?ttl=60")), 0U);
}

// A sink that nothing may reach.
struct NoSink final : ValueSink {
  Error append(std::string_view) override { return Error::value_does_not_fit; }
};

TEST(PutReaderAllocationTest, AKeyAndAValueThatAreBorrowedAllocateNothing) {
  const std::string body =
      R"({"key":"a key that is long enough to need memory of its own","value":")" +
      std::string(100'000, 'x') + R"(","x":")" + std::string(1000, 'y') +
      R"(\n\u20ac","ttl":1.25e1})";
  const Limits limits;
  NoSink sink;
  const std::size_t before = allocation_count();
  PutReader reader(limits, sink);
  EXPECT_EQ(reader.take(body), Error::none);
  EXPECT_EQ(reader.finish(), Error::none);
  EXPECT_EQ(reader.borrowed_value().size(), 100'000U);
  EXPECT_EQ(allocation_count(), before);
}

TEST_F(AllocationTest, HealthAllocatesNothing) {
  EXPECT_EQ(allocations_for("GET /health HTTP/1.1\r\nHost: a\r\n\r\n"), 0U);
}

TEST_F(AllocationTest, AnIncompleteHeadAllocatesNothing) {
  const std::string request = get("k");
  const std::size_t before = allocation_count();
  for (std::size_t size = 1; size < request.size(); ++size) {
    connection_.receive(std::string_view(request).substr(0, size), output_);
  }
  EXPECT_EQ(allocation_count(), before);
}

TEST_F(AllocationTest, ADeclaredLengthAllocatesNothingButItsHead) {
  const std::string head = "POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n";
  const std::ptrdiff_t before = live_allocations();
  connection_.receive(head, output_);
  EXPECT_LE(live_allocations() - before, 1);
  EXPECT_LE(connection_.memory_bytes(), 2 * head.size());
}

TEST_F(AllocationTest, NothingIsKeptBetweenRequests) {
  const std::string body = R"({"key":"k","value":")" + std::string(10'000, 'x') + "\"}";
  const std::string counted =
      "POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n\r\n";
  const std::string chunked =
      "POST /put HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2726\r\n";
  ASSERT_EQ(body.size(), 0x2726U);
  world_.cache.put("k", "v");
  const std::ptrdiff_t before = live_allocations();
  connection_.receive(counted, output_);
  connection_.receive(body.substr(0, 100), output_);
  connection_.receive(body.substr(100), output_);
  EXPECT_EQ(live_allocations(), before);
  connection_.receive(chunked, output_);
  connection_.receive(body, output_);
  EXPECT_GT(live_allocations(), before);
  connection_.receive("\r\n0\r\n\r\n", output_);
  EXPECT_EQ(live_allocations(), before);
  EXPECT_FALSE(connection_.in_request());
}

}  // namespace
}  // namespace cubby::protocol
