#include "e2e/soak_client.hpp"

#include <stdexcept>

namespace cubby::test {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kKeys = 40'000;
constexpr std::size_t kLargeKeys = 100;  // the first of them, with some clients
constexpr std::size_t kLargeBytes = std::size_t{1} << 20;
constexpr std::size_t kMostSmallBytes = 4000;
constexpr unsigned kDeepest = 16;
constexpr int kBatchesOfLife = 300;

std::string put_text(const std::string& key, const std::string& value, milliseconds ttl) {
  const std::string body =
      R"({"key":")" + key + R"(","value":")" + value + '"' +
      (ttl.count() > 0 ? ",\"ttl\":" + std::to_string(ttl.count()) + "e-3" : "") + '}';
  return "POST /put HTTP/1.1\r\nHost: cubby\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

}  // namespace

SoakClient::SoakClient(const Address& address, unsigned id)
    : address_(address), id_(id), random_(id), entries_(kKeys) {}

void SoakClient::talk(const std::atomic<bool>& stop) {
  Client client(address_);
  for (int i = 0; i < kBatchesOfLife && !stop; ++i) {
    std::vector<Request> requests{choose_request()};
    // Large ones go alone: who sends without reading must not fill the buffers of both sides.
    const std::size_t depth = is_large(requests.front().key) ? 1 : random_() % kDeepest + 1;
    while (requests.size() < depth) {
      const Request request = choose_request();
      if (!is_large(request.key)) requests.push_back(request);
    }
    std::string batch;
    for (const Request& request : requests) batch += text(request);
    const auto sent = Clock::now();
    client.send(batch);
    for (const Request& request : requests) {
      const ReceivedReply reply = client.receive();
      check(request, reply, sent);
      ++answered_;
      if (says_close(reply)) return;
    }
  }
}

SoakClient::Request SoakClient::choose_request() {
  Request request;
  const bool large = id_ % 4 == 0 && random_() % 200 == 0;
  request.key = random_() % (large ? kLargeKeys : kKeys);
  if (random_() % 3 == 0) {
    request.version = ++last_version_;
    if (random_() % 4 == 0) request.ttl = milliseconds(random_() % 3000 + 1);
  }
  return request;
}

bool SoakClient::is_large(std::size_t key) const noexcept {
  return id_ % 4 == 0 && key < kLargeKeys;
}

std::string SoakClient::name(std::size_t key) const {
  return "soak:" + std::to_string(id_) + ':' + std::to_string(key);
}

std::string SoakClient::value(std::size_t key, std::uint32_t version) const {
  std::string value = std::to_string(version) + " of " + std::to_string(key) + ' ';
  const std::size_t size =
      is_large(key) ? kLargeBytes - version % kLargeBytes / 2 : version * 37 % kMostSmallBytes;
  if (value.size() < size) value.resize(size, static_cast<char>('a' + version % 26));
  return value;
}

std::string SoakClient::text(const Request& request) const {
  if (request.version == 0) return get("/get?key=" + name(request.key));
  return put_text(name(request.key), value(request.key, request.version), request.ttl);
}

void SoakClient::check(const Request& request, const ReceivedReply& reply, Clock::time_point sent) {
  if (reply.status == 503 && reply.field("Retry-After")) {
    ++refused_;
    return;
  }
  if (request.version == 0) return check_get(request.key, reply, sent);
  if (reply.status != 200) {
    throw std::runtime_error("a put was answered with " + std::to_string(reply.status) + ": " +
                             reply.body);
  }
  Entry& entry = entries_[request.key];
  entry.version = request.version;
  entry.gone_by.reset();
  // It was stored before now.
  if (request.ttl.count() > 0) entry.gone_by = Clock::now() + request.ttl;
}

void SoakClient::check_get(std::size_t key, const ReceivedReply& reply,
                           Clock::time_point sent) const {
  if (reply.status == 404) return;
  const Entry& entry = entries_[key];
  const std::string expected = R"({"status":"OK","key":")" + name(key) + R"(","value":")" +
                               value(key, entry.version) + "\"}";
  if (reply.status != 200 || entry.version == 0 || !reply.body.starts_with(expected)) {
    throw std::runtime_error("instead of version " + std::to_string(entry.version) + " of " +
                             name(key) + ": " + std::to_string(reply.status) + ' ' +
                             reply.body.substr(0, 200));
  }
  if (entry.gone_by && sent > *entry.gone_by) {
    throw std::runtime_error(name(key) + " was found after its time");
  }
}

}  // namespace cubby::test
