// Requests, as bytes. How they are cut must change nothing, nor what came before them on other
// connections, and there is never more than one reply a request. The plan of an input is the sizes
// of the pieces that its bytes are cut into.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/check.hpp"
#include "fuzz/plan.hpp"
#include "support/loopback.hpp"
#include "support/reply_reader.hpp"

namespace {

using namespace cubby;

constexpr std::size_t kManyBytes = std::size_t{1} << 20;

// Small, so that the fuzzer gets past every one.
constexpr protocol::Limits kLimits{.max_key_length = 16,
                                   .max_value_bytes = 64,
                                   .max_target_bytes = 96,
                                   .max_header_bytes = 512,
                                   .max_header_fields = 8,
                                   .max_json_depth = 4};

struct Outcome {
  std::string received;
  std::size_t consumed = 0;
  bool finished = false;
  bool in_request = false;
  std::size_t answered = 0;

  bool operator==(const Outcome&) const = default;
};

// How many requests have been answered.
std::size_t answered = 0;

test::World& world() {
  static test::World instance(kLimits);
  if (!instance.on_request) {
    instance.on_request = [](const protocol::RequestRecord&) { ++answered; };
  }
  return instance;
}

// The sizes of pieces: each byte of a plan is one, and the plan begins again after its end.
class Pieces {
 public:
  explicit Pieces(std::string_view plan) : plan_(plan) {}

  std::size_t next() {
    if (plan_.empty()) return kManyBytes;
    return std::size_t{1} + static_cast<unsigned char>(plan_[at_++ % plan_.size()]);
  }

 private:
  std::string_view plan_;
  std::size_t at_ = 0;
};

// The output is taken after every call, so that a cap of one byte makes every call answer one
// request at most.
Outcome run(std::string_view input, Pieces pieces, std::size_t cap,
            protocol::HeadMemo* heads = &world().heads) {
  world().cache.clear();
  world().context.output_cap_bytes = cap;
  world().context.heads = heads;
  protocol::Connection connection(world().context);
  Outcome outcome;
  const std::size_t answered_before = answered;
  for (std::size_t arrived = std::min(pieces.next(), input.size()); !connection.finished();) {
    std::string output;
    const std::size_t answered_so_far = answered;
    const std::size_t used =
        connection.receive(input.substr(outcome.consumed, arrived - outcome.consumed), output);
    if (const auto large = connection.take_large_body()) test::append_to(output, *large);
    outcome.consumed += used;
    outcome.received += output;
    CUBBY_FUZZ_CHECK(outcome.consumed <= arrived);
    CUBBY_FUZZ_CHECK(used > 0 || output.empty() || connection.finished());
    CUBBY_FUZZ_CHECK(cap > 1 || answered <= answered_so_far + 1);
    if (used > 0 && !output.empty()) continue;
    if (arrived == input.size()) break;
    arrived += std::min(pieces.next(), input.size() - arrived);
  }
  outcome.received = test::without_interim_replies(outcome.received);
  outcome.finished = connection.finished();
  outcome.in_request = connection.in_request();
  outcome.answered = answered - answered_before;
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [input, plan] = test::split_plan({reinterpret_cast<const char*>(data), size});
  if (input.empty()) return 0;

  // The heads of the inputs before are remembered, but for this run.
  const Outcome whole = run(input, Pieces(""), kManyBytes, nullptr);
  CUBBY_FUZZ_CHECK(run(input, Pieces(""), kManyBytes) == whole);
  CUBBY_FUZZ_CHECK(run(input, Pieces(""), kManyBytes) == whole);
  CUBBY_FUZZ_CHECK(run(input, Pieces(""), 1) == whole);
  CUBBY_FUZZ_CHECK(run(input, Pieces(std::string_view("\0", 1)), kManyBytes) == whole);
  CUBBY_FUZZ_CHECK(run(input, Pieces(plan), kManyBytes) == whole);
  CUBBY_FUZZ_CHECK(run(input, Pieces(plan), 1) == whole);

  const auto lines = static_cast<std::size_t>(std::count(input.begin(), input.end(), '\n'));
  CUBBY_FUZZ_CHECK(whole.answered <= lines + 1);
  return 0;
}
