#include "support/linearizability.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <limits>
#include <set>
#include <utility>

namespace cubby::test {
namespace {

using Kind = KeyEvent::Kind;
// Nothing when the event cannot have been.
using Next = std::optional<KeyState>;

std::optional<std::int64_t> number_in(const KeyState& state) {
  if (!state) return 0;
  std::int64_t number = 0;
  const char* const end = state->data() + state->size();
  const auto [stop, problem] = std::from_chars(state->data(), end, number);
  if (problem != std::errc{} || stop != end) return std::nullopt;
  return number;
}

// What a store leads to, which says whether there was something.
Next store(const KeyEvent& event, const KeyState& state) {
  if (!event.succeeded || event.found != state.has_value()) return std::nullopt;
  return Next(std::in_place, event.input);
}

Next fail(const KeyEvent& event, const KeyState& state) {
  if (event.succeeded) return std::nullopt;
  return Next(std::in_place, state);
}

// Events in the order in which they began. All before `first_open_` have been placed, and of those
// from there on the ones that are set in `placed_`: so few bits are enough to tell two sets apart.
class Search {
 public:
  Search(std::vector<KeyEvent> events, std::chrono::milliseconds patience)
      : events_(std::move(events)), deadline_(std::chrono::steady_clock::now() + patience) {
    std::sort(events_.begin(), events_.end(),
              [](const KeyEvent& a, const KeyEvent& b) { return a.begin < b.begin; });
  }

  Linearizability run(const KeyState& initial) {
    steps_.push_back({{0, {}}, initial, 0});
    while (!steps_.empty()) {
      if (std::chrono::steady_clock::now() > deadline_) return Linearizability::out_of_time;
      if (steps_.back().placed.first_open == events_.size()) return Linearizability::yes;
      if (!go_on()) steps_.pop_back();
    }
    return Linearizability::no;
  }

 private:
  struct Placed {
    std::size_t first_open;
    std::set<std::size_t> beyond;

    auto operator<=>(const Placed&) const = default;
  };

  struct Step {
    Placed placed;
    KeyState state;
    std::size_t next;  // the event to try
  };

  // Places one more event, if there is one left to try that leads to something new.
  bool go_on() {
    Step& step = steps_.back();
    step.next = std::max(step.next, step.placed.first_open);
    // Whatever began after an open event had ended comes after that one.
    std::int64_t first_end = std::numeric_limits<std::int64_t>::max();
    for (std::size_t i = step.placed.first_open; i < events_.size(); ++i) {
      if (events_[i].begin > first_end) break;
      if (step.placed.beyond.contains(i)) continue;
      first_end = std::min(first_end, events_[i].end);
    }
    for (; step.next < events_.size() && events_[step.next].begin <= first_end; ++step.next) {
      if (step.placed.beyond.contains(step.next)) continue;
      auto state = state_after(events_[step.next], step.state);
      if (!state) continue;
      Placed placed = with(step.placed, step.next);
      if (!seen_.emplace(placed, *state).second) continue;
      ++step.next;
      steps_.push_back({std::move(placed), std::move(*state), 0});
      return true;
    }
    return false;
  }

  static Placed with(Placed placed, std::size_t event) {
    placed.beyond.insert(event);
    while (placed.beyond.erase(placed.first_open) > 0) ++placed.first_open;
    return placed;
  }

  std::vector<KeyEvent> events_;
  const std::chrono::steady_clock::time_point deadline_;
  std::vector<Step> steps_;
  std::set<std::pair<Placed, KeyState>> seen_;
};

}  // namespace

std::optional<KeyState> state_after(const KeyEvent& event, const KeyState& state) {
  switch (event.kind) {
    case Kind::get:
      if (event.output != state) return std::nullopt;
      return Next(std::in_place, state);
    case Kind::put:
      return store(event, state);
    case Kind::add:
      return state ? fail(event, state) : store(event, state);
    case Kind::swap:
      return state && state == event.expected ? store(event, state) : fail(event, state);
    case Kind::remove:
      if (!state) return fail(event, state);
      if (!event.succeeded) return std::nullopt;
      return Next(std::in_place);
    case Kind::incr: {
      const auto number = number_in(state);
      if (!number) return fail(event, state);
      const KeyState sum = std::to_string(*number + 1);
      if (!event.succeeded || event.output != sum) return std::nullopt;
      return Next(std::in_place, sum);
    }
  }
  return std::nullopt;
}

Linearizability check_history(std::vector<KeyEvent> events, const KeyState& initial,
                              std::chrono::milliseconds patience) {
  return Search(std::move(events), patience).run(initial);
}

}  // namespace cubby::test
