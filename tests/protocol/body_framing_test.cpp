#include "protocol/body_framing.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace cubby::protocol {
namespace {

class BodyFramingTest : public testing::Test {
 protected:
  void begin_counted(std::uint64_t length) {
    RequestHead head;
    head.content_length = length;
    framing_.begin(head, 1000);
  }

  void begin_chunked() {
    RequestHead head;
    head.chunked = true;
    framing_.begin(head, 1000);
  }

  // Takes `input` in pieces of `size` until the body ends; returns what is behind it.
  std::string_view take(std::string_view input, std::size_t size) {
    body_.clear();
    while (!input.empty() && !framing_.ended() && framing_.error() == Error::none) {
      std::string_view data;
      const std::size_t used = framing_.take(input.substr(0, size), data);
      EXPECT_GT(used, 0U);
      body_ += data;
      input.remove_prefix(used);
    }
    return input;
  }

  Limits limits_;
  BodyFraming framing_{limits_};
  std::string body_;
};

TEST_F(BodyFramingTest, ACountedBodyEndsAfterItsLength) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{3}, std::size_t{100}}) {
    begin_counted(10);
    EXPECT_FALSE(framing_.ended());
    EXPECT_EQ(framing_.announced_bytes(), 10U);
    EXPECT_EQ(framing_.bytes_ahead(), 10U);
    EXPECT_EQ(take("0123456789GET /", size), "GET /");
    EXPECT_TRUE(framing_.ended());
    EXPECT_EQ(body_, "0123456789");
    EXPECT_EQ(framing_.received_bytes(), 10U);
    EXPECT_EQ(framing_.bytes_ahead(), 0U);
    EXPECT_EQ(framing_.error(), Error::none);
  }
}

TEST_F(BodyFramingTest, CountsWhatHasArrived) {
  begin_counted(10);
  EXPECT_EQ(take("0123", 100), "");
  EXPECT_FALSE(framing_.ended());
  EXPECT_EQ(framing_.received_bytes(), 4U);
  EXPECT_EQ(framing_.bytes_ahead(), 6U);
}

TEST_F(BodyFramingTest, AChunkedBodyEndsWithItsLastChunk) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{3}, std::size_t{100}}) {
    begin_chunked();
    EXPECT_EQ(framing_.bytes_ahead(), std::nullopt);
    EXPECT_EQ(take("4\r\n0123\r\n6;x=y\r\n456789\r\n0\r\nA: b\r\n\r\nGET /", size), "GET /");
    EXPECT_TRUE(framing_.ended());
    EXPECT_EQ(body_, "0123456789");
    EXPECT_EQ(framing_.received_bytes(), 10U);
    EXPECT_EQ(framing_.announced_bytes(), 10U);
    EXPECT_EQ(framing_.bytes_ahead(), std::nullopt);
  }
}

TEST_F(BodyFramingTest, NothingIsLeftOfTheBodyBefore) {
  begin_chunked();
  take("4\r\n0123\r\nx", 100);
  EXPECT_EQ(framing_.error(), Error::bad_chunk);
  begin_counted(2);
  EXPECT_EQ(framing_.error(), Error::none);
  EXPECT_EQ(framing_.received_bytes(), 0U);
  EXPECT_EQ(take("abc", 100), "c");
  EXPECT_EQ(body_, "ab");
  begin_chunked();
  EXPECT_FALSE(framing_.ended());
  EXPECT_EQ(framing_.announced_bytes(), 0U);
  EXPECT_EQ(take("0\r\n\r\n", 1), "");
  EXPECT_EQ(body_, "");
}

TEST_F(BodyFramingTest, ALengthMayHave64Bits) {
  begin_counted(std::uint64_t{1} << 40);
  take("abc", 100);
  EXPECT_FALSE(framing_.ended());
  EXPECT_EQ(framing_.bytes_ahead(), (std::uint64_t{1} << 40) - 3);
}

}  // namespace
}  // namespace cubby::protocol
