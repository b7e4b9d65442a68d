// The contract, run against a connection in this process, with the bytes cut in every way.

#include "support/contract.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "support/loopback.hpp"

namespace cubby::test {
namespace {

// A request that is longer is cut only near its ends and in a few places between.
constexpr std::size_t kLongBytes = 4096;
constexpr std::size_t kHugeBytes = std::size_t{64} << 10;

// Every place where a request is cut in two.
std::vector<std::size_t> single_cuts(std::size_t size) {
  const std::size_t edge = size > kHugeBytes ? 2 : 512;
  std::vector<std::size_t> cuts;
  for (std::size_t cut = 1; cut < size; ++cut) {
    const bool is_inside = cut >= edge && cut + edge < size;
    if (size <= kLongBytes || !is_inside || cut % (size / 4) == 0) cuts.push_back(cut);
  }
  return cuts;
}

// The places that cut a request into single bytes, all at once.
std::vector<std::size_t> all_cuts(std::size_t size) {
  constexpr std::size_t kStride = 997;
  std::vector<std::size_t> cuts;
  for (std::size_t cut = 1; cut < size; ++cut) {
    const bool is_inside = cut >= kLongBytes && cut + kLongBytes < size;
    if (size <= kHugeBytes || !is_inside || cut % kStride == 0) cuts.push_back(cut);
  }
  return cuts;
}

std::size_t size_of(const ContractCase& contract_case) {
  return contract_case.request.size() + contract_case.body_after_interim.size();
}

struct Outcome {
  std::string received;
  bool finished = false;
  bool in_request = false;

  bool operator==(const Outcome&) const = default;
};

// Runs a case on a server that has seen nothing, in pieces that end at `cuts`.
Outcome run(const ContractCase& contract_case, const std::vector<std::size_t>& cuts) {
  World world;
  Loopback peer(world);
  for (const std::string& request : contract_case.setup) peer.send(request);
  peer.received.clear();
  const std::string bytes = contract_case.request + contract_case.body_after_interim;
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    peer.send(std::string_view(bytes).substr(begin, cut - begin));
    begin = cut;
  }
  peer.send(std::string_view(bytes).substr(begin));
  return {without_interim_replies(peer.received), peer.connection.finished(),
          peer.connection.in_request()};
}

void check_case(const ContractCase& contract_case) {
  World world;
  Loopback peer(world);
  for (const std::string& request : contract_case.setup) {
    peer.send(request);
    const auto reply = read_reply(peer.received);
    ASSERT_TRUE(reply);
    ASSERT_EQ(reply->status, 200);
    peer.received.clear();
  }
  peer.send(contract_case.request);
  if (!contract_case.body_after_interim.empty()) {
    EXPECT_EQ(peer.received, "HTTP/1.1 100 Continue\r\n\r\n");
    peer.received.clear();
    peer.send(contract_case.body_after_interim);
  }
  std::string_view rest = peer.received;
  for (const ExpectedReply& expected : contract_case.replies) {
    const auto reply = read_reply(rest, expected.to_head);
    ASSERT_TRUE(reply) << "got only " << rest;
    EXPECT_EQ(differences(expected, *reply), "") << rest.substr(0, reply->size);
    rest.remove_prefix(reply->size);
  }
  EXPECT_EQ(rest, "");
  EXPECT_EQ(peer.connection.finished(), contract_case.closes);
  EXPECT_FALSE(peer.connection.in_request());
  EXPECT_EQ(world.cache.check_invariants(), "");
}

TEST(ContractTest, IsKept) {
  for (const ContractCase& contract_case : contract_cases()) {
    SCOPED_TRACE(contract_case.name);
    check_case(contract_case);
  }
}

TEST(ContractTest, HoldsByteByByte) {
  for (const ContractCase& contract_case : contract_cases()) {
    EXPECT_EQ(run(contract_case, all_cuts(size_of(contract_case))), run(contract_case, {}))
        << contract_case.name;
  }
}

TEST(ContractTest, HoldsWhereverItIsCut) {
  for (const ContractCase& contract_case : contract_cases()) {
    const Outcome whole = run(contract_case, {});
    for (const std::size_t cut : single_cuts(size_of(contract_case))) {
      EXPECT_EQ(run(contract_case, {cut}), whole) << contract_case.name << " cut at " << cut;
    }
  }
}

TEST(ContractTest, NamesAreUnique) {
  std::vector<std::string> names;
  for (const ContractCase& contract_case : contract_cases()) names.push_back(contract_case.name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

}  // namespace
}  // namespace cubby::test
