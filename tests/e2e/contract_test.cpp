// The contract's table over sockets: against a server in this process, against the program, and
// against whatever listens at CUBBY_TEST_ADDRESS (host:port).

#include "support/contract.hpp"

#include <cstdlib>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include <cubby/cache.hpp>

#include "server/server.hpp"
#include "support/child_process.hpp"
#include "support/client.hpp"

namespace cubby::test {
namespace {

// A request up to this length is also sent in single bytes.
constexpr std::size_t kLongestInBytes = 1000;

void send_whole(Client& client, const std::string& request) { client.send(request); }

// The server may close before the last byte, when an earlier one ended its last request.
void send_in_bytes(Client& client, const std::string& request) {
  try {
    for (const char byte : request) client.send({&byte, 1});
  } catch (const std::system_error&) {
  }
}

// Interim replies apart: whether there is one depends on how fast a body arrives.
ReceivedReply receive_final(Client& client, bool to_head) {
  for (;;) {
    ReceivedReply reply = client.receive(to_head);
    if (reply.status >= 200) return reply;
  }
}

using Sender = void (*)(Client& client, const std::string& request);

void run_case(const Address& address, const ContractCase& contract_case, Sender send) {
  Client client(address);
  for (const std::string& request : contract_case.setup) {
    ASSERT_EQ(client.exchange(request).status, 200);
  }
  send(client, contract_case.request);
  if (!contract_case.body_after_interim.empty()) {
    ASSERT_EQ(client.receive().status, 100);
    send(client, contract_case.body_after_interim);
  }
  for (const ExpectedReply& expected : contract_case.replies) {
    EXPECT_EQ(differences(expected, receive_final(client, expected.to_head)), "");
  }
  if (contract_case.closes) {
    EXPECT_TRUE(client.closed_by_peer());
  } else {
    EXPECT_EQ(client.exchange(get("/health")).body, "OK\n") << "nothing came in between";
  }
}

void run_all(const Address& address) {
  for (const ContractCase& contract_case : contract_cases()) {
    SCOPED_TRACE(contract_case.name);
    EXPECT_NO_THROW(run_case(address, contract_case, send_whole));
    if (contract_case.request.size() > kLongestInBytes) continue;
    EXPECT_NO_THROW(run_case(address, contract_case, send_in_bytes)) << "in single bytes";
  }
}

TEST(ContractOverSockets, IsKeptInProcess) {
  Cache cache{CacheOptions{}};
  server::ServerOptions options;
  options.port = 0;
  options.threads = 2;
  server::Server server(cache, options);
  server.start();
  run_all({"127.0.0.1", server.port()});
  server.stop(kPatience);
  EXPECT_TRUE(server.wait());
  EXPECT_EQ(cache.check_invariants(), "");
}

TEST(ContractOverSockets, IsKeptByTheProgram) {
  Daemon daemon({"--max-memory", "64m"});
  run_all(daemon.address());
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0) << daemon.output();
}

TEST(ContractOverSockets, IsKeptAtTheGivenAddress) {
  const char* address = std::getenv("CUBBY_TEST_ADDRESS");
  if (address == nullptr) GTEST_SKIP() << "CUBBY_TEST_ADDRESS is not set";
  run_all(parse_address(address));
}

}  // namespace
}  // namespace cubby::test
