#include "protocol/chunk_decoder.hpp"

#include <string>

#include <gtest/gtest.h>

namespace cubby::protocol {
namespace {

// max_body_bytes() is 6 * (1 + 4) + 4096.
constexpr Limits kLimits{
    .max_key_length = 1, .max_value_bytes = 1, .max_header_bytes = 64, .max_header_fields = 2};
constexpr std::size_t kMaxBody = 6 * 5 + 4096;

struct Decoded {
  std::string body;
  std::size_t used = 0;
  bool done = false;
  Error error = Error::none;

  bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view input, std::size_t piece = std::string_view::npos) {
  ChunkDecoder decoder(kLimits);
  Decoded decoded;
  while (decoded.used < input.size() && !decoder.done() && decoder.error() == Error::none) {
    std::string_view data;
    decoded.used += decoder.decode(input.substr(decoded.used, piece), data);
    decoded.body += data;
  }
  decoded.done = decoder.done();
  decoded.error = decoder.error();
  return decoded;
}

TEST(ChunkDecoderTest, Decodes) {
  const struct {
    std::string input;
    std::string body;
  } cases[] = {
      {"0\r\n\r\n", ""},
      {"3\r\nabc\r\n0\r\n\r\n", "abc"},
      {"1\r\na\r\n2\r\nbc\r\n00000000000000000000\r\n\r\n", "abc"},
      {"a\r\n\r\n\r\n\r\n\r\n\r\n\r\n000A\r\n0123456789\r\n0\r\n\r\n",
       "\r\n\r\n\r\n\r\n\r\n0123456789"},
      {"1;a\r\nx\r\n0;b=c;d=\"\"\r\n\r\n", "x"},
      {"1 ; a = b ; c = \"\\\"d;\te\\\\\"\r\nx\r\n0\r\n\r\n", "x"},
      {"1;a ;b\t;c\r\nx\r\n0\r\n\r\n", "x"},
      {"1;a=\"\xC3\xA9\"\r\nx\r\n0\r\n\r\n", "x"},
      {"0\r\nA: b\r\nC:\r\n\r\n", ""},
  };
  for (const auto& [input, body] : cases) {
    const Decoded whole = decode(input + "GET");
    EXPECT_TRUE(whole.done) << input;
    EXPECT_EQ(whole.body, body) << input;
    EXPECT_EQ(whole.used, input.size()) << input;
    EXPECT_EQ(decode(input + "GET", 1), whole) << input;
    for (std::size_t size = 0; size < input.size(); ++size) {
      const Decoded part = decode(input.substr(0, size));
      EXPECT_FALSE(part.done) << input << " of " << size;
      EXPECT_EQ(part.error, Error::none) << input << " of " << size;
    }
  }
}

TEST(ChunkDecoderTest, RefusesWhatIsMalformed) {
  const std::string cases[] = {
      "\r\n",
      "\n",
      " 1\r\n",
      "g\r\n",
      "+1\r\n",
      "0x1\r\n",
      "1\n",
      "1\rx",
      "1 \r\n",
      "1\t\r\n",
      "1,a\r\n",
      "1;\r\n",
      "1; \r\n",
      "1;;a\r\n",
      "1;a=\r\n",
      "1;a=;b\r\n",
      "1;a \r\n",
      "1;a=b c\r\n",
      "1;a=\"b\"c\r\n",
      "1;a=\"\r\n",
      "1;a=\"\n\"\r\n",
      "1;a=\"\\\r\n",
      "1;a=\"\x7f\"\r\n",
      "1;a\n",
      "1;(\r\n",
      "1 a\r\n",
      "1\r\nab",
      "1\r\na\n",
      "1\r\na\rx",
      "1\r\na\r\n\r\n",
      "0\r\n\n",
      "0\r\n\rx",
      "0\r\nA\r\n",
      "0\r\nA : b\r\n",
      "0\r\n: b\r\n",
      "0\r\n A: b\r\n",
      "0\r\nA: b\n",
      "0\r\nA: b\rx",
      "0\r\nA: b\r\n c\r\n",
      "0\r\nA: \x01\r\n",
      // one digit more than 64 bits have
      "10000000000000000\r\n",
      "fffffffffffffffff\r\n",
  };
  for (const std::string& input : cases) {
    const Decoded whole = decode(input);
    EXPECT_EQ(whole.error, Error::bad_chunk) << input;
    EXPECT_FALSE(whole.done) << input;
    EXPECT_EQ(decode(input, 1), whole) << input;
  }
}

TEST(ChunkDecoderTest, RefusesABodyOverTheLimitWhenItIsAnnounced) {
  const auto chunk = [](std::size_t size) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%zx\r\n", size);
    return digits + std::string(size, 'x') + "\r\n";
  };
  EXPECT_TRUE(decode(chunk(kMaxBody) + "0\r\n\r\n").done);
  EXPECT_TRUE(decode(chunk(kMaxBody - 1) + chunk(1) + "0\r\n\r\n").done);

  const Decoded one = decode(chunk(kMaxBody + 1));
  EXPECT_EQ(one.error, Error::body_too_large);
  EXPECT_EQ(one.body, "");
  const Decoded two = decode(chunk(kMaxBody - 1) + chunk(2));
  EXPECT_EQ(two.error, Error::body_too_large);
  EXPECT_EQ(two.body.size(), kMaxBody - 1);
  EXPECT_EQ(decode("1\r\nx\r\nffffffffffffffff\r\n").error, Error::body_too_large);
}

TEST(ChunkDecoderTest, LimitsExtensionsAndTrailers) {
  const std::size_t most = kLimits.max_header_bytes;
  const auto extension = [](std::size_t bytes) {  // counted from after the semicolon
    return "0;" + std::string(bytes - 1, 'x') + "\r\n\r\n";
  };
  EXPECT_TRUE(decode(extension(most)).done);
  EXPECT_EQ(decode(extension(most + 1)).error, Error::bad_chunk);
  EXPECT_EQ(decode("1;" + std::string(most / 2, 'x') + "\r\nx\r\n" + extension(most / 2)).error,
            Error::bad_chunk)
      << "they add up over chunks";

  const auto trailer = [](std::size_t bytes) {  // with its carriage return
    return "0\r\nA:" + std::string(bytes - 3, 'x') + "\r\n\r\n";
  };
  EXPECT_TRUE(decode(trailer(most)).done);
  EXPECT_EQ(decode(trailer(most + 1)).error, Error::bad_chunk);

  EXPECT_TRUE(decode("0\r\nA:\r\nB:\r\n\r\n").done);
  EXPECT_EQ(decode("0\r\nA:\r\nB:\r\nC:\r\n\r\n").error, Error::bad_chunk);
}

TEST(ChunkDecoderTest, ShowsOneRunOfDataAtATime) {
  ChunkDecoder decoder(kLimits);
  const std::string_view input = "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
  std::string_view data;
  EXPECT_EQ(decoder.decode(input, data), 6U);
  EXPECT_EQ(data, "abc");
  EXPECT_EQ(static_cast<const void*>(data.data()), input.data() + 3) << "it is not copied";
  EXPECT_EQ(decoder.decode(input.substr(6), data), 6U);
  EXPECT_EQ(data, "d");
  EXPECT_EQ(decoder.decode(input.substr(12), data), 7U);
  EXPECT_EQ(data, "");
  EXPECT_TRUE(decoder.done());
}

}  // namespace
}  // namespace cubby::protocol
