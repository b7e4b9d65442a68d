#include "support/steady_load.hpp"

#include <stdexcept>
#include <utility>

namespace cubby::test {
namespace {

constexpr std::size_t kKeys = 64;
constexpr std::size_t kValueBytes = 64;
constexpr std::size_t kMixture = 4;

std::string key(std::size_t number) { return "key" + std::to_string(100 + number % kKeys); }

std::string put_of(std::size_t number, bool of_v1) {
  const std::string value(kValueBytes, static_cast<char>('a' + number % 26));
  if (!of_v1) return put(key(number), value);
  return "PUT /v1/keys/" + key(number) +
         " HTTP/1.1\r\nHost: cubby\r\nContent-Type: text/plain\r\nContent-Length: " +
         std::to_string(value.size()) + "\r\n\r\n" + value;
}

std::string get_of(std::size_t number, const SteadyLoadOptions& options) {
  std::string request = get((options.of_v1 ? "/v1/keys/" : "/get?key=") + key(number));
  if (!options.origin.empty()) {
    request.insert(request.size() - 2, "Origin: " + options.origin + "\r\n");
  }
  return request;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const SteadyLoadOptions& options) {
  const char* const sort = options.overwrites_of_4 == 0          ? "Hits"
                           : options.overwrites_of_4 == kMixture ? "Overwrites"
                                                                 : "Mixed";
  if (!options.origin.empty()) out << "CrossOrigin";
  if (options.of_v1) out << "V1";
  return out << sort << options.depth << "DeepOn" << options.connections;
}

std::vector<SteadyLoadOptions> every_steady_load() {
  std::vector<SteadyLoadOptions> loads;
  for (const std::size_t connections : {std::size_t{1}, std::size_t{64}}) {
    for (const std::size_t depth : {std::size_t{1}, kPipelineDepth}) {
      for (const std::size_t overwrites : {std::size_t{0}, std::size_t{1}, kMixture}) {
        for (const bool of_v1 : {false, true}) {
          loads.push_back({.connections = connections,
                           .depth = depth,
                           .overwrites_of_4 = overwrites,
                           .of_v1 = of_v1});
        }
      }
    }
  }
  return loads;
}

SteadyLoad::SteadyLoad(const Address& address, const SteadyLoadOptions& options)
    : options_(options) {
  for (std::size_t i = 0; i < options.connections; ++i) clients_.emplace_back(address);
  for (std::size_t i = 0; i < kKeys; ++i) {
    clients_.front().send(put_of(i, options.of_v1));
    expect_success(clients_.front());
  }
  std::size_t number = 0;
  while (batches_.size() < kKeys) {
    std::string batch;
    for (std::size_t i = 0; i < options.depth; ++i, ++number) {
      const bool is_put = number % kMixture < options.overwrites_of_4;
      batch += is_put ? put_of(number, options.of_v1) : get_of(number, options);
    }
    batches_.push_back(std::move(batch));
  }
}

std::size_t SteadyLoad::run(std::size_t requests) {
  std::size_t answered = 0;
  while (answered < requests) {
    for (Client& client : clients_) client.send(batches_[next_batch_++ % batches_.size()]);
    for (Client& client : clients_) {
      for (std::size_t i = 0; i < options_.depth; ++i, ++answered) expect_success(client);
    }
  }
  return answered;
}

void SteadyLoad::expect_success(Client& client) {
  const ReceivedReply reply = client.receive();
  if (reply.status >= 300) throw std::runtime_error("refused: " + reply.body);
}

}  // namespace cubby::test
