// A stream of bytes into a session. The plan of an input says how it is cut, when the peer reads,
// ends or closes, how time passes, what else goes on, and when the server stops. Whatever happens,
// the replies are those that the bytes get from a connection without a socket, in order, or the
// first of them; the session ends by itself at last; and no memory is left then.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/check.hpp"
#include "fuzz/plan.hpp"
#include "fuzz/session_peer.hpp"
#include "protocol/service.hpp"
#include "protocol/stored_entry.hpp"
#include "support/loopback.hpp"
#include "support/reply_reader.hpp"

namespace {

using namespace cubby;

// Some values are larger than what goes in slots (256 KiB), and than what the kernel takes at once.
constexpr std::size_t kLargeValueBytes = std::size_t{257} << 10;
constexpr protocol::Limits kLimits{.max_key_length = 16,
                                   .max_value_bytes = 2 * kLargeValueBytes,
                                   .max_target_bytes = 96,
                                   .max_header_bytes = 512,
                                   .max_header_fields = 8,
                                   .max_json_depth = 4};
constexpr std::size_t kMostFillerBytes = std::size_t{1} << 20;
constexpr std::size_t kMostHogs = 8;

struct Record {
  std::string method;
  std::string path;
  unsigned status = 0;

  bool operator==(const Record&) const = default;
};

struct Answers {
  std::vector<Record> records;
  std::vector<test::ReceivedReply> replies;
  bool whole = true;        // nothing came after the last reply
  bool in_request = false;  // that is not answered
};

auto recorder(std::vector<Record>& records) {
  return [&records](const protocol::RequestRecord& record) {
    records.push_back({std::string(record.method), std::string(record.path), record.status});
  };
}

// `records` says which of the replies have no body because HEAD asked for them.
void read_replies(std::string_view bytes, Answers& answers) {
  while (!bytes.empty()) {
    const std::size_t index = answers.replies.size();
    const bool to_head = index < answers.records.size() && answers.records[index].method == "HEAD";
    const auto reply = test::read_reply(bytes, to_head);
    if (!reply) break;
    if (reply->status >= 200) answers.replies.push_back(*reply);
    bytes.remove_prefix(reply->size);
  }
  answers.whole = bytes.empty();
}

// Gives all memory back as well. Large values are known to the cache's own pages alone, where a
// search for leaks does not look.
void empty(Cache& cache) {
  cache.clear();
  while (cache.maintain()) {
  }
}

void fill(Cache& cache, bool with_large) {
  empty(cache);
  if (!with_large) return;
  static const std::string plain(kLargeValueBytes, 'x');
  static const std::string escaped = "\n" + std::string(kLargeValueBytes - 2, 'x') + "\n";
  cache.put("b", plain, {});
  cache.put("e", escaped, {.flags = protocol::kValueNeedsEscape, .notes = {escaped.size() + 2}});
}

// What a connection without a socket says to the same bytes.
Answers reference(std::string_view bytes, bool with_large) {
  static test::World world(kLimits);
  fill(world.cache, with_large);
  Answers answers;
  world.on_request = recorder(answers.records);
  test::Loopback loopback(world);
  loopback.send(bytes);
  answers.in_request = loopback.connection.in_request();
  read_replies(loopback.received, answers);
  CUBBY_FUZZ_CHECK(answers.whole);
  CUBBY_FUZZ_CHECK(answers.records.size() == answers.replies.size());
  empty(world.cache);
  return answers;
}

// What a session does with an input, and what it says.
class Run {
 public:
  Run(Cache& cache, std::string_view bytes, std::string_view plan)
      : setup_(plan.empty() ? 0 : static_cast<unsigned char>(plan.front())),
        options_(options(records_)),
        worker_(cache, options_, refuse_report),
        peer_(*worker_, admission_, buffer_bytes()),
        rest_(bytes) {
    fill(cache, with_large());
    for (const char step : plan.substr(std::min<std::size_t>(plan.size(), 1))) {
      take(static_cast<unsigned char>(step));
    }
    finish();
  }

  void check() const {
    const Answers all = reference(peer_.sent, with_large());
    Answers got{.records = hogs_.empty() ? records_ : all.records, .replies = {}};
    read_replies(peer_.received, got);
    const std::size_t count = check_replies(got, all);
    if (lenient()) return;
    CUBBY_FUZZ_CHECK(got.whole);
    if (!drained_) {
      CUBBY_FUZZ_CHECK(count == all.replies.size());
    } else {
      const Answers least =
          reference(std::string_view(peer_.sent).substr(0, sent_before_drain_), with_large());
      CUBBY_FUZZ_CHECK(count >= least.replies.size());
    }
  }

 private:
  // The first byte of a plan.
  bool with_large() const { return (setup_ & 1) != 0; }
  int buffer_bytes() const { return (setup_ & 2) != 0 ? 1 << 18 : 1; }
  bool stays() const { return (setup_ & 4) != 0; }

  // Replies may be missing at the end.
  bool lenient() const { return cut_ || closed_ || late_ || !hogs_.empty(); }

  void take(unsigned step) {
    constexpr unsigned kSteps = 13;
    const std::size_t count = 1 + step / kSteps;
    switch (step % kSteps) {
      case 0:
        return send(count);
      case 1:
        return send(32 * count);
      case 2:
        return send(rest_.size());
      case 3:
        return send_filler(count << 12);
      case 4:
        peer_.receive(16 * count);
        return;
      case 5:
        peer_.receive(kMostFillerBytes);
        return;
      case 6:
        for (std::size_t i = 0; i < count; ++i) worker_->io().poll_one();
        return;
      case 7:
        return worker_.run_all();
      case 8:
        return drain();
      case 9:
        return peer_.end_writing();
      case 10:
        return count % 2 == 0 ? close() : cut();
      case 11:
        return add_hog(count << 13);
      case 12:
        return be_late(count);
    }
  }

  void send(std::size_t count) { rest_.remove_prefix(peer_.send(rest_.substr(0, count))); }

  void send_filler(std::size_t count) {
    if (filler_bytes_ + count > kMostFillerBytes) return;
    filler_bytes_ += peer_.send(std::string(count, 'v'));
  }

  void drain() {
    if (!drained_) sent_before_drain_ = peer_.sent.size();
    drained_ = true;
    worker_->drain(worker_.now() + std::chrono::seconds(5));
  }

  void close() {
    closed_ = true;
    peer_.close();
  }

  void cut() {
    cut_ = true;
    worker_->cut_all();
  }

  void be_late(std::size_t count) {
    constexpr std::array kTimes{std::chrono::milliseconds(100), std::chrono::milliseconds(1'000),
                                std::chrono::milliseconds(10'000),
                                std::chrono::milliseconds(100'000)};
    late_ = true;
    worker_.pass_time(kTimes[count % kTimes.size()]);
  }

  // Another connection, which has sent a part of a large body and wants memory for it.
  void add_hog(std::size_t count) {
    if (hogs_.size() == kMostHogs || drained_ || cut_) return;
    hogs_.emplace_back(*worker_, admission_, buffer_bytes());
    hogs_.back().send(
        "POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: 600000\r\n\r\n{\"value\":\"" +
        std::string(count, 'h'));
  }

  // Sends and reads what there is still to send and to read.
  void go_on() {
    for (bool moved = true; moved;) {
      worker_.run_all();
      const std::size_t before = rest_.size();
      send(before);
      moved = rest_.size() != before || peer_.receive(kMostFillerBytes) > 0;
    }
  }

  void finish() {
    for (test::Peer& hog : hogs_) hog.close();
    go_on();
    if (stays()) {
      outstay();
    } else if (!peer_.closed()) {
      peer_.end_writing();
      go_on();
    }
    CUBBY_FUZZ_CHECK(worker_->connections() == 0);
    CUBBY_FUZZ_CHECK(worker_->connection_bytes() == 0);
  }

  // Every timeout passes, and what follows from it.
  void outstay() {
    constexpr int kPasses = 5;
    for (int i = 0; i < kPasses; ++i) {
      worker_.pass_time(std::chrono::seconds(100));
      worker_.run_all();
    }
  }

  // Returns how many replies there are, without one that is about the end of the session.
  std::size_t check_replies(const Answers& got, const Answers& all) const {
    for (std::size_t i = 0; i < got.replies.size(); ++i) {
      const test::ReceivedReply& reply = got.replies[i];
      const bool is_last = i + 1 == got.replies.size();
      CUBBY_FUZZ_CHECK(is_last || reply.field("Connection") != "close");
      if (is_last && is_farewell(reply, i, all)) return i;
      CUBBY_FUZZ_CHECK(i < all.replies.size());
      CUBBY_FUZZ_CHECK(i < got.records.size() && got.records[i] == all.records[i]);
      CUBBY_FUZZ_CHECK(reply.status == all.replies[i].status);
      CUBBY_FUZZ_CHECK(drained_ || reply.field("Connection") == all.replies[i].field("Connection"));
      // A report is about the one whose it is.
      if (!all.records[i].path.starts_with("/v1/")) {
        CUBBY_FUZZ_CHECK(reply.body == all.replies[i].body);
      }
    }
    return got.replies.size();
  }

  // Who is late or must let go of memory is refused, and who ends in the middle of a request.
  bool is_farewell(const test::ReceivedReply& reply, std::size_t index, const Answers& all) const {
    if (reply.field("Connection") != "close") return false;
    const bool refused = reply.status == 408 || reply.status == 503;
    if (refused && (late_ || !hogs_.empty())) return true;
    return reply.status == 400 && index == all.replies.size() && all.in_request;
  }

  static server::ServerOptions options(std::vector<Record>& records) {
    server::ServerOptions options;
    options.limits = kLimits;
    options.connection_memory_bytes = kLargeValueBytes;
    options.on_request = recorder(records);
    return options;
  }

  static void refuse_report(std::string_view report) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(report.size()), report.data());
    std::abort();
  }

  const unsigned setup_;
  std::vector<Record> records_;
  server::ServerOptions options_;
  server::Admission admission_{{}};
  test::OwnWorker worker_;
  test::Peer peer_;
  std::vector<test::Peer> hogs_;
  std::string_view rest_;
  std::size_t filler_bytes_ = 0;
  std::size_t sent_before_drain_ = 0;
  bool drained_ = false;
  bool closed_ = false;
  bool late_ = false;
  bool cut_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Cache cache(test::World::cache_options());
  const auto [bytes, plan] = test::split_plan({reinterpret_cast<const char*>(data), size});
  Run(cache, bytes, plan).check();
  empty(cache);
  const CacheStats stats = cache.stats();
  CUBBY_FUZZ_CHECK(stats.reserved_bytes == 0);
  CUBBY_FUZZ_CHECK(stats.detached_bytes == 0);
  CUBBY_FUZZ_CHECK(stats.entry_bytes == 0);
  return 0;
}
