#include "e2e/soak_load.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <numeric>
#include <optional>
#include <random>
#include <string_view>
#include <utility>

#include <sys/resource.h>

namespace cubby::test {
namespace {

using std::chrono::milliseconds;

constexpr unsigned kGoodClients = 6;
constexpr milliseconds kBetweenProbes{5};
constexpr std::size_t kMostProblems = 20;
constexpr int kSmallWindow = 16 * 1024;

// Connections that are kept for a while. The server may end any of them.
class Crowd {
 public:
  Crowd(const Address& address, std::size_t size) : address_(address), members_(size) {}

  // Has one, chosen at random, replaced by a new connection on which `begin` is called.
  template <class Begin>
  void replace_one(Begin begin, int receive_buffer_bytes = 0) {
    std::optional<Client>& member = members_[random_() % members_.size()];
    member.reset();
    try {
      Client client = Client::unconnected(receive_buffer_bytes);
      client.connect(address_);
      begin(client);
      member.emplace(std::move(client));
    } catch (const std::exception&) {
    }
  }

  // Sends as much of `bytes` as goes on each; those that are closed are replaced.
  void send_on_each(std::string_view bytes) {
    for (std::optional<Client>& member : members_) {
      try {
        if (!member) member.emplace(address_);
        member->send_some(bytes);
      } catch (const std::exception&) {
        member.reset();
      }
    }
  }

 private:
  const Address address_;
  std::mt19937 random_{1};
  std::vector<std::optional<Client>> members_;
};

// The load takes all that is left of the cores, and no more: what /health takes is to be the
// daemon's doing, and not that of a queue for the cores (setpriority(2), for the calling thread).
void give_way() {
  constexpr int kNice = 10;
  ::setpriority(PRIO_PROCESS, 0, kNice);
}

void pause(milliseconds time) { std::this_thread::sleep_for(time); }

std::string large_put() { return put("soak:large", std::string(std::size_t{1} << 20, 'v')); }

}  // namespace

SoakLoad::SoakLoad(const Address& address) : address_(address) {
  for (unsigned id = 0; id < kGoodClients; ++id) {
    clients_.push_back(std::make_unique<SoakClient>(address, id));
    start_good(*clients_.back());
  }
  start_prober();
  start_resets();
  start_visits();
  start_half_bodies();
  start_slow_heads();
  start_unread();
}

void SoakLoad::stop() {
  stop_ = true;
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

std::uint64_t SoakLoad::answered() const {
  return std::accumulate(clients_.begin(), clients_.end(), std::uint64_t{0},
                         [](auto sum, const auto& client) { return sum + client->answered(); });
}

std::uint64_t SoakLoad::refused() const {
  return std::accumulate(clients_.begin(), clients_.end(), std::uint64_t{0},
                         [](auto sum, const auto& client) { return sum + client->refused(); });
}

std::vector<std::string> SoakLoad::problems() const {
  const std::lock_guard lock(mutex_);
  return problems_;
}

void SoakLoad::note(const std::string& problem) {
  const std::lock_guard lock(mutex_);
  if (problems_.size() < kMostProblems) problems_.push_back(problem);
}

template <class Action>
void SoakLoad::start(Action act) {
  threads_.emplace_back([this, act = std::move(act)]() mutable {
    give_way();
    while (!stop_) act();
  });
}

void SoakLoad::start_good(SoakClient& client) {
  start([this, &client] {
    try {
      client.talk(stop_);
    } catch (const std::exception& error) {
      note(std::string("a client that behaves: ") + error.what());
    }
  });
}

void SoakLoad::start_prober() {
  threads_.emplace_back([this] {
    while (!stop_) probe();
  });
}

void SoakLoad::probe() {
  try {
    health_.time([this] {
      const ReceivedReply reply = Client(address_).exchange(get("/health"));
      if (reply.status != 200) note("/health: " + std::to_string(reply.status));
    });
  } catch (const std::exception& error) {
    note(std::string("/health: ") + error.what());
  }
  pause(kBetweenProbes);
}

void SoakLoad::start_resets() {
  start([this] {
    try {
      Client client = Client::unconnected(kSmallWindow);
      client.connect(address_);
      client.exchange(large_put());
      client.send(get("/get?key=soak:large"));
      client.readable_within(kPatience);
      client.reset();
    } catch (const std::exception&) {
    }
    pause(milliseconds(2));
  });
}

void SoakLoad::start_visits() {
  start([this] {
    try {
      Client(address_).exchange(get("/get?key=soak:large"));
    } catch (const std::exception&) {
    }
    pause(milliseconds(1));
  });
}

void SoakLoad::start_half_bodies() {
  start([crowd = Crowd(address_, 200), request = large_put()]() mutable {
    crowd.replace_one([&](Client& client) { client.send_some(request.substr(0, 100'000)); });
    pause(milliseconds(10));
  });
}

void SoakLoad::start_slow_heads() {
  start([crowd = Crowd(address_, 100), at = std::size_t{0}]() mutable {
    constexpr std::string_view kHead = "GET /health HTTP/1.1\r\nHost: cubby\r\nX-Slow: ";
    crowd.send_on_each(at < kHead.size() ? kHead.substr(at, 1) : "x");
    at = (at + 1) % 200;
    pause(milliseconds(50));
  });
}

void SoakLoad::start_unread() {
  std::string batch = large_put();
  for (int i = 0; i < 500; ++i) batch += get("/get?key=soak:large");
  start([crowd = Crowd(address_, 30), batch = std::move(batch)]() mutable {
    crowd.replace_one(
        [&](Client& client) { client.send_until_blocked(batch, batch.size(), milliseconds(20)); },
        kSmallWindow);
    pause(milliseconds(20));
  });
}

}  // namespace cubby::test
