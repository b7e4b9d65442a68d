// Requests of one sort for entries that are there already, as they come once a cache has been in
// use for a while.

#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "support/client.hpp"

namespace cubby::test {

struct SteadyLoadOptions {
  std::size_t connections = 1;
  std::size_t depth = 1;            // requests that are sent together on a connection
  std::size_t overwrites_of_4 = 0;  // of four requests, how many are puts; the others are gets
  std::string origin = {};          // of the page that gets; none when empty
  bool of_v1 = false;               // for /v1/keys/{key}; else for /put and /get
};

// A name for tests: "Mixed16DeepOn64", "V1Hits1DeepOn1".
std::ostream& operator<<(std::ostream& out, const SteadyLoadOptions& options);

// Gets, puts and both, alone and pipelined, on one connection and on many, on either face.
std::vector<SteadyLoadOptions> every_steady_load();

inline constexpr std::size_t kPipelineDepth = 16;

// Keys and values are as large each time. Throws std::runtime_error when a request is not answered
// with success.
class SteadyLoad {
 public:
  // Connects and puts the entries.
  SteadyLoad(const Address& address, const SteadyLoadOptions& options);

  // Has all connections send a batch and then read the replies, until there were as many requests,
  // and at most a batch of each connection more. Returns how many there were.
  std::size_t run(std::size_t requests);

 private:
  static void expect_success(Client& client);

  const SteadyLoadOptions options_;
  std::vector<Client> clients_;
  std::vector<std::string> batches_;  // sent in turn
  std::size_t next_batch_ = 0;
};

}  // namespace cubby::test
