// The program as whoever starts it sees it: exit codes, lines, signals.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/child_process.hpp"
#include "support/client.hpp"
#include "support/process_memory.hpp"
#include "support/sanitizers.hpp"

namespace cubby::test {
namespace {

using std::chrono::milliseconds;

std::ptrdiff_t lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// Returns once nothing can connect any more.
void wait_until_closed(const Address& address) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  try {
    while (std::chrono::steady_clock::now() < deadline) Client client(address);
  } catch (const std::system_error&) {
    return;
  }
  FAIL() << "it still accepts connections";
}

TEST(Process, ReportsATakenPortInOneLine) {
  Daemon first;
  ChildProcess second(cubbyd({"--port", std::to_string(first.address().port)}));
  EXPECT_EQ(second.wait(), 1);
  EXPECT_EQ(lines(second.output()), 1) << second.output();
  EXPECT_TRUE(contains(second.output(), "127.0.0.1:" + std::to_string(first.address().port) +
                                            ": Address already in use"))
      << second.output();
}

TEST(Process, ReportsEveryProblemOfItsConfiguration) {
  ChildProcess process(cubbyd({"--port", "70000", "--shards", "63"}), {{"CUBBY_THREADS", "many"}});
  EXPECT_EQ(process.wait(), 2);
  EXPECT_EQ(lines(process.output()), 3) << process.output();
  for (const char* culprit : {"70000", "63", "many"}) {
    EXPECT_TRUE(contains(process.output(), culprit)) << process.output();
  }
}

TEST(Process, TellsBrowsersOfTheOriginsThatItIsGiven) {
  const Daemon daemon({"--cors-origin", "https://a.example", "--cors-origin", "https://b.example"});
  for (const std::string origin : {"https://a.example", "https://b.example"}) {
    const ReceivedReply reply =
        Client(daemon.address())
            .exchange("GET /v1/keys/none HTTP/1.1\r\nHost: a\r\nOrigin: " + origin + "\r\n\r\n");
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(reply.field("Access-Control-Allow-Origin"), origin);
  }
}

TEST(Process, RefusesWhatIsNoOriginInOneLine) {
  ChildProcess process(cubbyd({"--cors-origin", "https://app.example/path"}));
  EXPECT_EQ(process.wait(), 2);
  EXPECT_EQ(lines(process.output()), 1) << process.output();
  EXPECT_TRUE(contains(process.output(), "--cors-origin")) << process.output();
}

class ProcessStop : public ::testing::TestWithParam<int> {};

TEST_P(ProcessStop, LogsTwoLinesAndExitsWithZero) {
  Daemon daemon({"--threads", "2", "--shards", "16", "--max-memory", "64m"});
  Client client(daemon.address());
  EXPECT_EQ(client.exchange(put("k", "v")).status, 200);
  const std::string start = daemon.output();
  for (const char* fact : {"2 threads", "16 shards", "64 MiB"}) {
    EXPECT_TRUE(contains(start, fact)) << start;
  }
  daemon.signal(GetParam());
  EXPECT_EQ(daemon.wait(), 0);
  EXPECT_EQ(lines(daemon.output()), 2) << daemon.output();
  EXPECT_TRUE(contains(daemon.output(), GetParam() == SIGINT ? "SIGINT" : "SIGTERM"));
  EXPECT_TRUE(client.closed_by_peer());
}

INSTANTIATE_TEST_SUITE_P(Signals, ProcessStop, ::testing::Values(SIGTERM, SIGINT));

TEST(Process, CompletesWhatHasBegunBeforeItStops) {
  Daemon daemon;
  Client client(daemon.address());
  const std::string request = put("k", "v");
  client.send(request.substr(0, request.size() / 2));
  daemon.signal(SIGTERM);
  wait_until_closed(daemon.address());
  client.send(request.substr(request.size() / 2));
  const ReceivedReply reply = client.receive();
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(says_close(reply));
  client.end_writing();
  EXPECT_EQ(daemon.wait(), 0) << daemon.output();
}

TEST(Process, CutsWhatIsNotDoneAtTheShutdownTimeout) {
  Daemon daemon({"--shutdown-timeout", "100ms"});
  Client client(daemon.address());
  client.send("POST /put HTTP/1.1\r\n");
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0);
  EXPECT_TRUE(contains(daemon.output(), "cut")) << daemon.output();
  EXPECT_TRUE(client.closed_by_peer());
}

TEST(Process, EndsAtOnceAtTheSecondSignal) {
  // ThreadSanitizer minds that a process ends with threads.
  Daemon daemon({"--shutdown-timeout", "600s"}, {{"TSAN_OPTIONS", "report_thread_leaks=0"}});
  Client client(daemon.address());
  client.send("POST /put HTTP/1.1\r\n");
  daemon.signal(SIGTERM);
  wait_until_closed(daemon.address());
  EXPECT_FALSE(daemon.ends_within(milliseconds(0)));
  // A signal that comes at the heels of the first counts as the same order.
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  do {
    daemon.signal(SIGTERM);
  } while (!daemon.ends_within(milliseconds(10)) && std::chrono::steady_clock::now() < deadline);
  EXPECT_EQ(daemon.wait(), 128 + SIGTERM) << daemon.output();
}

// Every request whose last byte was sent before the signal is answered, on connections that never
// pause; later ones are answered or refused, but no reply ever breaks off.
TEST(Process, LosesNoReplyWhenStoppedUnderLoad) {
  constexpr int kClients = 8;
  constexpr int kDepth = 4;
  Daemon daemon({"--threads", "2"});
  std::string batch;
  for (int i = 0; i < kDepth; ++i) batch += i % 2 == 0 ? put("k", "v") : get("/get?key=k");
  std::atomic<bool> stopping{false};
  std::atomic<int> answered{0};
  std::vector<std::thread> clients;
  for (int id = 0; id < kClients; ++id) {
    clients.emplace_back([&] {
      bool must_be_answered = false;
      try {
        Client client(daemon.address());
        for (;;) {
          client.send(batch);
          must_be_answered = !stopping;
          for (int i = 0; i < kDepth; ++i, ++answered) {
            const ReceivedReply reply = client.receive();
            EXPECT_EQ(reply.status, 200);
            if (!says_close(reply)) continue;
            EXPECT_TRUE(i == kDepth - 1 || !must_be_answered) << "closed within a batch";
            return;
          }
          must_be_answered = false;
        }
      } catch (const std::exception& error) {
        EXPECT_FALSE(must_be_answered) << error.what();
      }
    });
  }
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (answered < 4000 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  stopping = true;
  daemon.signal(SIGTERM);
  for (auto& client : clients) client.join();
  EXPECT_GE(answered, 4000);
  EXPECT_EQ(daemon.wait(), 0);
  EXPECT_TRUE(contains(daemon.output(), "every request was answered")) << daemon.output();
}

TEST(Process, HoldsAtMostTwoKilobytesForAnIdleConnection) {
  constexpr std::size_t kConnections = 800;
  constexpr std::size_t kMostBytes = 2000;
  Daemon daemon({"--threads", "1"});
  std::vector<Client> clients;
  const auto add = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      clients.emplace_back(daemon.address());
      EXPECT_EQ(clients.back().exchange(put("k", "v")).status, 200);
    }
  };
  add(50);
  const std::size_t before = resident_bytes(daemon.pid());
  add(kConnections);
  if (kSanitized) GTEST_SKIP() << "sanitizers have an allocator of their own";
  EXPECT_LT(resident_bytes(daemon.pid()) - before, kConnections * kMostBytes);
}

// What the descriptors of a process are open on, by their numbers.
std::map<std::string, std::string> open_descriptors(int pid) {
  std::map<std::string, std::string> targets;
  std::error_code error;
  const std::string directory = "/proc/" + std::to_string(pid) + "/fd";
  for (const auto& each : std::filesystem::directory_iterator(directory, error)) {
    targets[each.path().filename()] = std::filesystem::read_symlink(each.path(), error);
  }
  return targets;
}

// Started so by some supervisors; a client's socket must not become standard error.
TEST(Process, FillsTheStandardDescriptorsThatItWasStartedWithout) {
  std::vector<std::string> command{"/bin/sh", "-c", "exec \"$0\" \"$@\" <&- >&- 2>&-"};
  for (const std::string& argument : cubbyd({"--port", "0"})) command.push_back(argument);
  ChildProcess process(command);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  std::map<std::string, std::string> targets;
  const auto has_socket = [&targets] {
    return std::any_of(targets.begin(), targets.end(),
                       [](const auto& each) { return each.second.starts_with("socket:"); });
  };
  while (!has_socket() && std::chrono::steady_clock::now() < deadline) {
    targets = open_descriptors(process.pid());
  }
  ASSERT_TRUE(has_socket());
  targets = open_descriptors(process.pid());
  for (const char* number : {"0", "1", "2"}) EXPECT_EQ(targets[number], "/dev/null") << number;
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(), 0);
}

TEST(Process, SaysThatItCannotPrintToAClosedOutput) {
  std::vector<std::string> command{"/bin/sh", "-c", "exec \"$0\" \"$@\" >&-"};
  for (const std::string& argument : cubbyd({"--version"})) command.push_back(argument);
  ChildProcess process(command);
  EXPECT_EQ(process.wait(), 1);
  EXPECT_TRUE(contains(process.output(), "cannot write to standard output")) << process.output();
}

TEST(Process, ForgetsAfterTheDefaultTimeToLive) {
  Daemon daemon({"--default-ttl", "1ms"});
  Client client(daemon.address());
  EXPECT_EQ(client.exchange(put("k", "v")).status, 200);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  int status = 200;
  while (status == 200 && std::chrono::steady_clock::now() < deadline) {
    status = client.exchange(get("/get?key=k")).status;
  }
  EXPECT_EQ(status, 404);
}

TEST(Process, WarnsOfALimitThatLeavesTooLittleFree) {
  ChildProcess print(cubbyd({"--max-memory", "31g", "--print-config"}));
  print.wait();
  if (!contains(print.output(), "which leaves less")) GTEST_SKIP() << "there is plenty";
  Daemon daemon({"--max-memory", "31g"});
  daemon.wait_for_output("kernel may kill the process\n");
  EXPECT_EQ(lines(daemon.output()), 2) << daemon.output();
  EXPECT_TRUE(contains(daemon.output(), " warn ")) << daemon.output();
}

TEST(Process, ChecksTheHealthOfAnother) {
  Daemon daemon;
  const std::string port = std::to_string(daemon.address().port);
  ChildProcess healthy(cubbyd({"--healthcheck", "--port", port}));
  EXPECT_EQ(healthy.wait(), 0) << healthy.output();
  EXPECT_EQ(healthy.output(), "");

  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0);
  ChildProcess unhealthy(cubbyd({"--healthcheck", "--port", port}));
  EXPECT_EQ(unhealthy.wait(), 1);
  EXPECT_EQ(lines(unhealthy.output()), 1) << unhealthy.output();
}

TEST(Process, ListensOnVersionSixAddresses) {
  Daemon daemon({"--host", "::1"});
  EXPECT_EQ(daemon.address().host, "::1");
  EXPECT_EQ(Client(daemon.address()).exchange(get("/health")).status, 200);
}

}  // namespace
}  // namespace cubby::test
