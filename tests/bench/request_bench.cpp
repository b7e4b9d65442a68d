// What the requests of a keep-alive client cost beside the sockets: protocol::Connection is given
// batches of pipelined requests, as they lie in a worker's read buffer.
//
//   request_bench PUT_PERCENT [BATCHES [DEPTH [FACE]]]
//
// A FACE of "v1" asks /v1/keys/{key} in place of /get and /put.
//
// Times drift, instructions do not; run_batches() alone is what is to be counted:
//
//   valgrind --tool=callgrind --toggle-collect='run_batches*' request_bench 0 10000

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <cubby/cache.hpp>

#include "protocol/connection.hpp"
#include "support/loopback.hpp"

namespace {

using namespace cubby;
using SteadyClock = std::chrono::steady_clock;

constexpr int kKeys = 50'000;
constexpr std::size_t kInputs = 1024;
constexpr std::size_t kValueBytes = 64;
constexpr std::string_view kHost = "Host: 127.0.0.1:7150\r\n";

std::string key_of(int number) {
  std::string digits = std::to_string(number);
  return "user:" + std::string(10 - digits.size(), '0') + digits;
}

std::string get_of(const std::string& key, bool is_v1) {
  return std::string("GET ") + (is_v1 ? "/v1/keys/" : "/get?key=") + key + " HTTP/1.1\r\n" +
         std::string(kHost) + "\r\n";
}

std::string put_of(const std::string& key, bool is_v1) {
  if (is_v1) {
    return "PUT /v1/keys/" + key + " HTTP/1.1\r\n" + std::string(kHost) +
           "Content-Type: text/plain\r\nContent-Length: " + std::to_string(kValueBytes) +
           "\r\n\r\n" + std::string(kValueBytes, 'v');
  }
  const std::string body =
      R"({"key":")" + key + R"(","value":")" + std::string(kValueBytes, 'v') + "\"}";
  return "POST /put HTTP/1.1\r\n" + std::string(kHost) +
         "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::vector<std::string> make_inputs(int put_percent, int depth, bool is_v1) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> any_key(0, kKeys - 1);
  std::uniform_int_distribution<int> any_percent(0, 99);
  std::vector<std::string> inputs(kInputs);
  for (std::string& input : inputs) {
    for (int i = 0; i < depth; ++i) {
      const std::string key = key_of(any_key(random));
      input += any_percent(random) < put_percent ? put_of(key, is_v1) : get_of(key, is_v1);
    }
  }
  return inputs;
}

}  // namespace

// Not in the namespace above, so that callgrind can be told its name.
__attribute__((noinline)) void run_batches(protocol::Connection& connection,
                                           const std::vector<std::string>& inputs, int batches,
                                           std::string& output) {
  for (int i = 0; i < batches; ++i) {
    const std::string& input = inputs[static_cast<std::size_t>(i) % inputs.size()];
    output.clear();
    if (connection.receive(input, output) != input.size()) {
      throw std::runtime_error("a batch was not taken whole");
    }
  }
}

int main(int argc, char** argv) {
  const int put_percent = argc > 1 ? std::atoi(argv[1]) : 0;
  const int batches = argc > 2 ? std::atoi(argv[2]) : 200'000;
  const int depth = argc > 3 ? std::atoi(argv[3]) : 16;
  const bool is_v1 = argc > 4 && std::string_view(argv[4]) == "v1";

  test::World world;
  protocol::Connection connection(world.context);
  std::string output;
  for (int i = 0; i < kKeys; ++i) {
    output.clear();
    connection.receive(put_of(key_of(i), is_v1), output);
  }
  const std::vector<std::string> inputs = make_inputs(put_percent, depth, is_v1);
  run_batches(connection, inputs, 16, output);

  const auto begin = SteadyClock::now();
  run_batches(connection, inputs, batches, output);
  const std::chrono::duration<double, std::nano> taken = SteadyClock::now() - begin;
  std::printf("%d%% PUT, %d at once: %.1f ns a request\n", put_percent, depth,
              taken.count() / batches / depth);
}
