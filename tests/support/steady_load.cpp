#include "support/steady_load.hpp"

#include <stdexcept>
#include <utility>

namespace cubby::test {
namespace {

constexpr std::size_t kKeys = 64;
constexpr std::size_t kValueBytes = 64;
constexpr std::size_t kMixture = 4;

std::string key(std::size_t number) { return "key" + std::to_string(100 + number % kKeys); }

std::string put_of(std::size_t number) {
  return put(key(number), std::string(kValueBytes, static_cast<char>('a' + number % 26)));
}

std::string get_of(std::size_t number, const std::string& origin) {
  std::string request = get("/get?key=" + key(number));
  if (!origin.empty()) request.insert(request.size() - 2, "Origin: " + origin + "\r\n");
  return request;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const SteadyLoadOptions& options) {
  const char* const sort = options.overwrites_of_4 == 0          ? "Hits"
                           : options.overwrites_of_4 == kMixture ? "Overwrites"
                                                                 : "Mixed";
  if (!options.origin.empty()) out << "CrossOrigin";
  return out << sort << options.depth << "DeepOn" << options.connections;
}

std::vector<SteadyLoadOptions> every_steady_load() {
  std::vector<SteadyLoadOptions> loads;
  for (const std::size_t connections : {std::size_t{1}, std::size_t{64}}) {
    for (const std::size_t depth : {std::size_t{1}, kPipelineDepth}) {
      for (const std::size_t overwrites : {std::size_t{0}, std::size_t{1}, kMixture}) {
        loads.push_back(
            {.connections = connections, .depth = depth, .overwrites_of_4 = overwrites});
      }
    }
  }
  return loads;
}

SteadyLoad::SteadyLoad(const Address& address, const SteadyLoadOptions& options)
    : options_(options) {
  for (std::size_t i = 0; i < options.connections; ++i) clients_.emplace_back(address);
  for (std::size_t i = 0; i < kKeys; ++i) {
    clients_.front().send(put_of(i));
    expect_success(clients_.front());
  }
  std::size_t number = 0;
  while (batches_.size() < kKeys) {
    std::string batch;
    for (std::size_t i = 0; i < options.depth; ++i, ++number) {
      const bool is_put = number % kMixture < options.overwrites_of_4;
      batch += is_put ? put_of(number) : get_of(number, options.origin);
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
  if (reply.status != 200) throw std::runtime_error("refused: " + reply.body);
}

}  // namespace cubby::test
