#include "protocol/incoming_body.hpp"

#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace cubby::protocol {
namespace {

// Collects what it is given, and takes no exclamation mark.
class Collector final : public BodyReader {
 public:
  explicit Collector(std::string& text) : text_(text) {}

  Error take(std::string_view piece) override {
    text_ += piece;
    return piece.find('!') == std::string_view::npos ? Error::none : Error::bad_json;
  }
  Error keep() override { return Error::none; }
  std::size_t memory_bytes() const noexcept override { return 7; }
  std::size_t staged_bytes() const noexcept override { return 0; }

 private:
  std::string& text_;
};

class IncomingBodyTest : public testing::Test {
 protected:
  static RequestHead sized(std::size_t length) {
    RequestHead head;
    head.content_length = length;
    return head;
  }
  static RequestHead chunked() {
    RequestHead head;
    head.chunked = true;
    return head;
  }
  std::size_t take(std::string_view input) {
    return body_.take(input, [this] {
      ++readers_;
      return std::make_unique<Collector>(text_);
    });
  }

  const Limits limits_{};
  IncomingBody body_{limits_};
  std::string text_;
  int readers_ = 0;
};

TEST_F(IncomingBodyTest, GoesToAReaderOnceThereIsSome) {
  EXPECT_FALSE(body_.has_begun());
  body_.begin(sized(4), 4, Error::none, true);
  EXPECT_TRUE(body_.has_begun());
  EXPECT_EQ(body_.bytes_ahead(), 4U);
  EXPECT_EQ(take(""), 0U);
  EXPECT_EQ(readers_, 0);
  EXPECT_EQ(take("ab"), 2U);
  EXPECT_EQ(body_.memory_bytes(), 7U);
  EXPECT_EQ(body_.bytes_ahead(), 2U);
  EXPECT_FALSE(body_.is_whole());
  EXPECT_EQ(take("cdGET /"), 2U) << "what follows is the next request's";
  EXPECT_TRUE(body_.is_whole());
  EXPECT_NE(body_.end(), nullptr);
  EXPECT_EQ(text_, "abcd");
  EXPECT_EQ(readers_, 1);
  EXPECT_FALSE(body_.has_begun());
  EXPECT_EQ(body_.memory_bytes(), 0U);
  EXPECT_EQ(body_.bytes_ahead(), 0U);
}

TEST_F(IncomingBodyTest, IsReadAwayWhereNobodyWantsIt) {
  for (const auto& [error, is_wanted] : {std::pair(Error::none, false), {Error::bad_ttl, true}}) {
    body_.begin(sized(4), 4, error, is_wanted);
    EXPECT_EQ(body_.bytes_ahead(), 0U);
    EXPECT_EQ(take("abcd"), 4U);
    EXPECT_TRUE(body_.is_whole());
    EXPECT_EQ(body_.end(), nullptr);
    EXPECT_EQ(body_.error(), error);
  }
  EXPECT_EQ(readers_, 0);
}

// One object serves for the bodies of a connection, and what was wrong with one is not with the
// next.
TEST_F(IncomingBodyTest, BeginsAnewWithEachBody) {
  body_.begin(sized(4), 4, Error::none, true);
  EXPECT_EQ(take("a!cd"), 4U);
  EXPECT_EQ(body_.error(), Error::bad_json);
  EXPECT_EQ(body_.end(), nullptr);

  text_.clear();
  body_.begin(chunked(), 4, Error::none, true);
  EXPECT_EQ(body_.error(), Error::none);
  EXPECT_EQ(body_.bytes_ahead(), std::nullopt);
  EXPECT_EQ(take("4\r\nabcd\r\n0\r\n\r\nGET /"), 14U);
  EXPECT_TRUE(body_.is_whole());
  EXPECT_NE(body_.end(), nullptr);
  EXPECT_EQ(text_, "abcd");

  body_.begin(chunked(), 4, Error::none, true);
  take("5\r\n");
  EXPECT_EQ(body_.framing_error(), Error::body_too_large);
  EXPECT_FALSE(body_.is_whole());
  EXPECT_EQ(body_.end(), nullptr);

  body_.begin(sized(1), 4, Error::none, true);
  EXPECT_EQ(body_.framing_error(), Error::none);
  EXPECT_EQ(take("a"), 1U);
  EXPECT_NE(body_.end(), nullptr);
}

}  // namespace
}  // namespace cubby::protocol
