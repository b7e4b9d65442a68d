#include "support/put_load.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <future>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace cubby::test {
namespace {

constexpr std::size_t kBatchRequests = 256;
constexpr std::size_t kBatchBytes = std::size_t{48} << 10;
constexpr std::size_t kKeyDigits = 12;

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_key(std::string& out, std::uint64_t number) {
  std::array<char, kLoadKeyBytes> key{'k', 'e', 'y', '-'};
  for (std::size_t at = key.size(); at > key.size() - kKeyDigits; number /= 10) {
    key[--at] = static_cast<char>('0' + number % 10);
  }
  out.append(key.data(), key.size());
}

void append_put(std::string& out, const Put& put) {
  static const std::string values(kMaxLoadValueBytes, 'v');
  constexpr std::string_view kBeforeKey = R"({"key":")";
  constexpr std::string_view kBeforeValue = R"(","value":")";

  std::string end = "\"";
  if (put.ttl.count() > 0) {
    end += ",\"ttl\":";
    append_number(end, static_cast<std::uint64_t>(put.ttl.count()));
    end += "e-3";
  }
  end += '}';
  const std::size_t body_bytes =
      kBeforeKey.size() + kLoadKeyBytes + kBeforeValue.size() + put.value_bytes + end.size();
  out += "POST /put HTTP/1.1\r\nHost: cubby\r\nContent-Length: ";
  append_number(out, body_bytes);
  out += "\r\n\r\n";
  out += kBeforeKey;
  append_key(out, put.key);
  out += kBeforeValue;
  out.append(values, 0, put.value_bytes);
  out += end;
}

// One connection. Every reply to a put that was accepted has the same size, so that only the first
// need be parsed: a reply of another kind shows at its beginning, as the next one's would.
class Pipeline {
 public:
  explicit Pipeline(const Address& address) : client_(address) {}

  void add(const Put& put) {
    append_put(batch_, put);
    if (++batch_requests_ == kBatchRequests || batch_.size() >= kBatchBytes) flush();
  }

  void finish() {
    flush();
    receive_until(sent_requests_);
  }

 private:
  // Sends the batch, and then reads what answers those before.
  void flush() {
    client_.send(batch_);
    receive_until(sent_requests_);
    sent_requests_ += batch_requests_;
    batch_requests_ = 0;
    batch_.clear();
  }

  void receive_until(std::uint64_t requests) {
    if (answered_requests_ == requests) return;
    if (first_reply_.empty()) receive_first();
    while (answered_requests_ < requests) {
      std::size_t at = 0;
      for (; received_.size() - at >= first_reply_.size(); at += first_reply_.size()) {
        const auto reply = std::string_view(received_).substr(at, first_reply_.size());
        if (reply.substr(0, kStatus.size()) != kStatus) fail(reply);
        ++answered_requests_;
      }
      received_.erase(0, at);
      if (answered_requests_ < requests) receive_more();
    }
  }

  void receive_first() {
    std::optional<ReceivedReply> reply;
    while (!(reply = read_reply(received_))) receive_more();
    first_reply_ = received_.substr(0, reply->size);
  }

  void receive_more() {
    const std::string_view more = client_.receive_some();
    if (more.empty()) fail(received_);
    received_ += more;
  }

  [[noreturn]] static void fail(std::string_view what) {
    throw std::runtime_error("in place of an accepted put's reply: " + std::string(what));
  }

  static constexpr std::string_view kStatus = "HTTP/1.1 200";

  Client client_;
  std::string batch_;
  std::size_t batch_requests_ = 0;
  std::uint64_t sent_requests_ = 0;
  std::uint64_t answered_requests_ = 0;
  std::string first_reply_;
  std::string received_;
};

}  // namespace

std::string load_key(std::uint64_t number) {
  std::string key;
  append_key(key, number);
  return key;
}

void put_all(const Address& address, std::uint64_t count,
             const std::function<Put(std::uint64_t index)>& put, std::size_t connections) {
  std::atomic<std::uint64_t> next{0};
  const auto work = [&] {
    Pipeline pipeline(address);
    for (std::uint64_t first; (first = next.fetch_add(kBatchRequests)) < count;) {
      const std::uint64_t end = std::min(count, first + kBatchRequests);
      for (std::uint64_t index = first; index < end; ++index) pipeline.add(put(index));
    }
    pipeline.finish();
  };
  std::vector<std::future<void>> workers;
  for (std::size_t i = 0; i < connections; ++i) {
    workers.push_back(std::async(std::launch::async, work));
  }
  for (auto& worker : workers) worker.get();
}

}  // namespace cubby::test
