#include <map>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server/server_fixture.hpp"

namespace cubby::server {
namespace {

TEST_F(ServerTest, SaysWhichPortTheSystemChose) {
  serve();
  EXPECT_NE(server_->port(), 0);
  EXPECT_EQ(dial().exchange(get("/health")).status, 200);
}

TEST_F(ServerTest, AcceptsIntoTheBacklogBeforeItStarts) {
  bind();
  Client client = dial();
  client.send(get("/health"));
  server_->start();
  EXPECT_EQ(client.receive().status, 200);
}

TEST_F(ServerTest, ThrowsWhenThePortIsTaken) {
  serve();
  ServerOptions second = options_;
  second.port = server_->port();
  try {
    Server(cache_, second);
    FAIL() << "two servers listen on one port";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::address_in_use);
    EXPECT_EQ(error.what(), "cannot listen on 127.0.0.1:" + std::to_string(second.port) +
                                ": Address already in use");
  }
}

TEST_F(ServerTest, ThrowsWhenTheHostIsUnusable) {
  for (const char* host : {"", "not-an-address", "127.0.0.256", "192.0.2.1"}) {
    options_.host = host;
    try {
      bind();
      ADD_FAILURE() << host;
    } catch (const std::system_error& error) {
      EXPECT_NE(std::string(error.what()).find(host), std::string::npos);
    }
  }
}

TEST_F(ServerTest, CountsConnections) {
  serve(2);
  std::vector<Client> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(dial());
  EXPECT_TRUE(eventually([&] { return server_->connections() == 5; }));
  clients.clear();
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
}

// Which worker serves a connection shows by the thread that stores what it puts.
TEST_F(ServerTest, GivesAConnectionToTheWorkerWithTheFewest) {
  constexpr std::size_t kThreads = 4;
  std::mutex mutex;
  std::map<std::string, std::thread::id> served_by;
  CacheOptions cache_options;
  cache_options.charge = [&](std::string_view key, std::size_t) {
    const std::lock_guard lock(mutex);
    served_by.try_emplace(std::string(key), std::this_thread::get_id());
    return std::size_t{1};
  };
  Cache cache(cache_options);
  options_.threads = kThreads;
  const auto server = serve(cache);

  std::map<std::thread::id, std::vector<Client>> clients;
  const auto add = [&](const std::string& key) {
    Client client = dial();
    EXPECT_EQ(client.exchange(put(key, "v")).status, 200);
    const std::lock_guard lock(mutex);
    clients[served_by[key]].push_back(std::move(client));
  };
  for (std::size_t i = 0; i < 2 * kThreads; ++i) add("k" + std::to_string(i));
  ASSERT_EQ(clients.size(), kThreads);
  for (const auto& [thread, served] : clients) EXPECT_EQ(served.size(), 2U);

  std::vector<Client>& freed = clients.begin()->second;
  freed.clear();
  ASSERT_TRUE(eventually([&] { return server_->connections() == 2 * kThreads - 2; }));
  add("new1");
  add("new2");
  EXPECT_EQ(freed.size(), 2U);
}

// Leaves the process without a free file descriptor until destroyed.
class DescriptorFamine {
 public:
  DescriptorFamine() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest_free = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(lowest_free) + 1;
    ::setrlimit(RLIMIT_NOFILE, &now);
    held_ = lowest_free;
  }
  ~DescriptorFamine() {
    ::setrlimit(RLIMIT_NOFILE, &before_);
    ::close(held_);
  }

 private:
  rlimit before_{};
  int held_ = -1;
};

std::chrono::microseconds cpu_time() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return std::chrono::seconds(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         std::chrono::microseconds(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

TEST_F(ServerTest, OutlivesRunningOutOfDescriptors) {
  serve(2);
  std::vector<Client> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(Client::unconnected());
  {
    DescriptorFamine famine;
    for (Client& client : clients) {
      client.connect({"127.0.0.1", server_->port()});
      client.send(get("/health"));
    }
    EXPECT_TRUE(eventually([&] { return !problems().empty(); }));
    const auto cpu_before = cpu_time();
    EXPECT_FALSE(clients.front().readable_within(std::chrono::milliseconds(250)));
    EXPECT_LT(cpu_time() - cpu_before, std::chrono::milliseconds(125)) << "waits, does not spin";
  }
  for (Client& client : clients) EXPECT_EQ(client.receive().status, 200);
  ASSERT_EQ(problems().size(), 1U) << "one report an episode, not one an attempt";
  EXPECT_NE(problems().front().find("Too many open files"), std::string::npos);
}

TEST_F(ServerTest, StopsWhileOutOfDescriptors) {
  serve();
  Client client = Client::unconnected();
  {
    DescriptorFamine famine;
    client.connect({"127.0.0.1", server_->port()});
    EXPECT_TRUE(eventually([&] { return !problems().empty(); }));
    server_->stop(kPatience);
    EXPECT_TRUE(server_->wait());
  }
  EXPECT_TRUE(client.closed_by_peer());
}

}  // namespace
}  // namespace cubby::server
