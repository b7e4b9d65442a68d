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

bool changes(const KeyEvent& event) { return event.succeeded && event.kind != Kind::get; }

// Events in the order in which they began. All before `first_open` have been placed, and of those
// from there on the ones that are in `beyond`: so few bits are enough to tell two sets apart.
class Search {
 public:
  Search(std::vector<KeyEvent> events, std::size_t max_steps)
      : events_(std::move(events)), max_steps_(max_steps) {
    std::sort(events_.begin(), events_.end(),
              [](const KeyEvent& a, const KeyEvent& b) { return a.begin < b.begin; });
  }

  Linearizability run(const KeyState& initial) {
    steps_.push_back({{0, {}}, initial, 0});
    settle(steps_.back().placed, initial);
    while (!steps_.empty()) {
      if (steps_.back().placed.first_open == events_.size()) return Linearizability::yes;
      if (seen_.size() > max_steps_) return Linearizability::undecided;
      if (!go_on()) steps_.pop_back();
    }
    return Linearizability::no;
  }

 private:
  struct Placed {
    std::size_t first_open;
    std::set<std::size_t> beyond;

    bool contains(std::size_t event) const { return event < first_open || beyond.contains(event); }
    void insert(std::size_t event) {
      beyond.insert(event);
      while (beyond.erase(first_open) > 0) ++first_open;
    }
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
    const std::int64_t latest = latest_begin(step.placed);
    for (; step.next < events_.size() && events_[step.next].begin <= latest; ++step.next) {
      if (step.placed.contains(step.next)) continue;
      auto state = state_after(events_[step.next], step.state);
      if (!state) continue;
      Placed placed = step.placed;
      placed.insert(step.next);
      settle(placed, *state);
      if (!seen_.emplace(placed, *state).second) continue;
      ++step.next;
      steps_.push_back({std::move(placed), std::move(*state), 0});
      return true;
    }
    return false;
  }

  // Places what never changes anything and is as it was seen now: all that could come before it may
  // as well follow it.
  void settle(Placed& placed, const KeyState& state) const {
    for (bool again = true; again;) {
      again = false;
      const std::int64_t latest = latest_begin(placed);
      for (std::size_t i = placed.first_open; i < events_.size(); ++i) {
        if (events_[i].begin > latest) break;
        if (placed.contains(i) || changes(events_[i]) || !state_after(events_[i], state)) continue;
        placed.insert(i);
        again = true;
      }
    }
  }

  // What began after an open event had ended comes after that one.
  std::int64_t latest_begin(const Placed& placed) const {
    std::int64_t first_end = std::numeric_limits<std::int64_t>::max();
    for (std::size_t i = placed.first_open; i < events_.size(); ++i) {
      if (events_[i].begin > first_end) break;
      if (!placed.contains(i)) first_end = std::min(first_end, events_[i].end);
    }
    return first_end;
  }

  std::vector<KeyEvent> events_;
  const std::size_t max_steps_;
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
                              std::size_t max_steps) {
  return Search(std::move(events), max_steps).run(initial);
}

}  // namespace cubby::test
