#include "protocol/target_text.hpp"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace cubby::protocol {
namespace {

constexpr std::string_view kMarks = "-._~!$&'()*+,;=:@%/?";

bool is_target_char(char c) {
  const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return is_letter || (c >= '0' && c <= '9') || kMarks.find(c) != std::string_view::npos;
}

// What a few plain searches say of the text.
void expect_right(const std::string& text) {
  std::size_t size = 0;
  while (size < text.size() && is_target_char(text[size])) ++size;
  const std::string ours = text.substr(0, size);
  for (const TargetText& found : {read_target_text(text), portable_read_target_text(text)}) {
    ASSERT_EQ(found.size, size) << text;
    ASSERT_EQ(found.path_size, std::min(ours.find('?'), size)) << text;
    ASSERT_EQ(found.is_plain, ours.find_first_of("%+&") == std::string::npos) << text;
  }
}

TEST(TargetTextTest, KnowsEveryByteInEveryPlace) {
  for (std::size_t size = 1; size <= 41; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (unsigned byte = 0; byte < 256; ++byte) {
        std::string text(size, 'x');
        text[at] = static_cast<char>(byte);
        expect_right(text);
      }
    }
  }
}

TEST(TargetTextTest, KnowsWhichOfSeveralComesFirst) {
  constexpr std::string_view kChars = "xx??&%+ #";
  std::mt19937 random(1);
  for (int i = 0; i < 100'000; ++i) {
    std::string text(random() % 50, 'x');
    for (int changes = static_cast<int>(random() % 5); changes > 0 && !text.empty(); --changes) {
      text[random() % text.size()] = kChars[random() % kChars.size()];
    }
    expect_right(text);
  }
}

}  // namespace
}  // namespace cubby::protocol
