#include "app/system.hpp"

#include <cstdio>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

namespace cubby::app {
namespace {

class ReadFileTest : public testing::Test {
 protected:
  ReadFileTest() {
    std::string name = testing::TempDir() + "cubby-file-XXXXXX";
    directory_ = mkdtemp(name.data());
    path_ = directory_ + "/cubby.toml";
  }
  ~ReadFileTest() override {
    std::remove(path_.c_str());
    std::remove(directory_.c_str());
  }
  void write(const std::string& text) { std::ofstream(path_) << text; }

  std::string directory_;
  std::string path_;
};

TEST_F(ReadFileTest, ReadsAllOfIt) {
  const std::string text = std::string(10'000, 'x') + "\nport = 1\n";
  write(text);
  EXPECT_EQ(read_file(path_).text, text);
  EXPECT_EQ(read_file(path_).error, "");
}

TEST_F(ReadFileTest, SaysWhyItCannot) {
  EXPECT_EQ(read_file(path_).error, "No such file or directory");
  EXPECT_EQ(read_file(directory_).error, "Is a directory");
}

TEST_F(ReadFileTest, HasALimit) {
  write(std::string(kMaxFileBytes, '#'));
  EXPECT_EQ(read_file(path_).error, "");
  write(std::string(kMaxFileBytes + 1, '#'));
  EXPECT_EQ(read_file(path_).error, "File too large");
  EXPECT_EQ(read_file("/dev/zero").error, "File too large");
}

TEST(EnvironmentVariable, TellsUnsetFromEmpty) {
  setenv("CUBBY_TEST_VARIABLE", "value", 1);
  EXPECT_EQ(environment_variable("CUBBY_TEST_VARIABLE"), "value");
  setenv("CUBBY_TEST_VARIABLE", "", 1);
  EXPECT_EQ(environment_variable("CUBBY_TEST_VARIABLE"), "");
  unsetenv("CUBBY_TEST_VARIABLE");
  EXPECT_EQ(environment_variable("CUBBY_TEST_VARIABLE"), std::nullopt);
}

TEST(DescriptorLimit, IsRaisedToTheHardOne) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 64;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  raise_descriptor_limit();
  rlimit after{};
  getrlimit(RLIMIT_NOFILE, &after);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace cubby::app
