#include "protocol/base64.hpp"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace cubby::protocol {
namespace {

using namespace std::string_literals;

std::string encoded(std::string_view bytes, std::size_t piece_bytes = 1000) {
  std::string text = "before";
  Base64Encoder encoder;
  for (; bytes.size() > piece_bytes; bytes.remove_prefix(piece_bytes)) {
    encoder.take(text, bytes.substr(0, piece_bytes));
  }
  encoder.take(text, bytes);
  encoder.finish(text);
  EXPECT_EQ(text.substr(0, 6), "before");
  return text.substr(6);
}

std::string decoded(std::string_view text) {
  std::string bytes = "before";
  EXPECT_TRUE(decode_base64(bytes, text)) << text;
  EXPECT_EQ(bytes.substr(0, 6), "before");
  return bytes.substr(6);
}

// RFC 4648, section 10
TEST(Base64Test, WritesAndReadsTheVectorsOfTheRfc) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(encoded(bytes), text);
    EXPECT_EQ(decoded(text), bytes);
    EXPECT_EQ(base64_size(std::string(bytes).size()), std::string(text).size());
  }
}

TEST(Base64Test, EveryByteComesBack) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 70; ++size) {
    for (int first = 0; first < 256; ++first) {
      std::string bytes(size, static_cast<char>(first));
      for (std::size_t i = 1; i < size; ++i) bytes[i] = static_cast<char>(random());
      const std::string text = encoded(bytes);
      ASSERT_EQ(text.size(), base64_size(size));
      ASSERT_EQ(decoded(text), bytes);
      ASSERT_EQ(encoded(bytes, 1 + static_cast<std::size_t>(first) % 7), text);
    }
  }
}

TEST(Base64Test, UsesTheAlphabetWithPlusAndSlash) {
  EXPECT_EQ(encoded("\xfb\xef\xbe\xff\xff\xff"), "++++////");
  EXPECT_EQ(decoded("++++////"), "\xfb\xef\xbe\xff\xff\xff");
}

TEST(Base64Test, TakesNothingElse) {
  const std::string cases[] = {
      "Z",        "Zg",        "Zg=",      "Zm8",     "Z===",    "====",
      "=",        "==",        "Zg==Zg==", "Zm=v",    "=m9v",    "Z=9v",
      "Zg=v",     "Zm9v=",     "Zm9v====", "Zg===",   "Zh==",    "Zm9=",
      "Zm9vZh==",                                               // bits in the padding
      "Zm9v\n",   "Zm9v Zm9v", "Zm 9v",    "\nZm9v",  "Zm9\n",  // white space
      "-_-_",     "Zm9!",      "Zm9\0"s,   "Zm9\x80", "Zm9\xff", "\xff\xff\xff\xff",
  };
  for (const std::string& text : cases) {
    std::string bytes = "before";
    EXPECT_FALSE(decode_base64(bytes, text)) << text;
    EXPECT_EQ(bytes, "before") << text;
  }
}

}  // namespace
}  // namespace cubby::protocol
