#include "app/daemon.hpp"

#include <csignal>
#include <string>

#include <gtest/gtest.h>

namespace cubby::app {
namespace {

using std::chrono::milliseconds;

Settings settings() {
  Settings settings;
  settings.host = "127.0.0.1";
  settings.threads = 2;
  settings.shards = 64;
  settings.shutdown_timeout = milliseconds(500);
  settings.memory_bytes = std::size_t{1} << 30;
  settings.memory_reason = "50% of 2 GiB, the machine's memory";
  return settings;
}

TEST(Daemon, StartLineSaysWhatIsRunning) {
  EXPECT_EQ(start_line(settings(), 8080),
            "listening on http://127.0.0.1:8080 with 2 threads and 64 shards; memory 1 GiB: 50% of "
            "2 GiB, the machine's memory");
  Settings one = settings();
  one.threads = 1;
  one.shards = 1;
  EXPECT_NE(start_line(one, 1).find(" with 1 thread and 1 shard; "), std::string::npos);
}

TEST(Daemon, RequestLineHasADashForWhatIsUnknown) {
  EXPECT_EQ(request_line({"GET", "/get", 200, 58}), "GET /get 200 58");
  EXPECT_EQ(request_line({"", "", 501, 40}), "- - 501 40");
}

TEST(Daemon, StopLineSaysWhyAndHow) {
  EXPECT_EQ(stop_line(settings(), SIGTERM, milliseconds(90'000), true),
            "stopped by SIGTERM after 1m 30s; every request was answered");
  EXPECT_EQ(stop_line(settings(), SIGINT, milliseconds(1500), false),
            "stopped by SIGINT after 1.5s; connections that were still open after 500ms were cut");
}

TEST(Daemon, UrlBracketsVersion6) {
  EXPECT_EQ(url("127.0.0.1", 80), "http://127.0.0.1:80");
  EXPECT_EQ(url("localhost", 7171), "http://localhost:7171");
  EXPECT_EQ(url("::1", 7171), "http://[::1]:7171");
}

}  // namespace
}  // namespace cubby::app
