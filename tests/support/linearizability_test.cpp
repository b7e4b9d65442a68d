#include "support/linearizability.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace cubby::test {
namespace {

using Kind = KeyEvent::Kind;
using enum Linearizability;

constexpr std::size_t kMaxSteps = 1'000'000;

KeyEvent at(std::int64_t begin, std::int64_t end, KeyEvent event) {
  event.begin = begin;
  event.end = end;
  return event;
}

KeyEvent got(KeyState output) { return {.kind = Kind::get, .output = std::move(output)}; }
KeyEvent put(std::string input, bool found) {
  return {.kind = Kind::put, .input = std::move(input), .found = found};
}
KeyEvent add(std::string input, bool succeeded) {
  return {.kind = Kind::add, .input = std::move(input), .succeeded = succeeded};
}
KeyEvent swap(std::string expected, std::string input, bool succeeded) {
  return {.kind = Kind::swap,
          .input = std::move(input),
          .expected = std::move(expected),
          .succeeded = succeeded,
          .found = succeeded};
}
KeyEvent removed(bool succeeded) { return {.kind = Kind::remove, .succeeded = succeeded}; }
KeyEvent incr(std::string output) { return {.kind = Kind::incr, .output = std::move(output)}; }

Linearizability check(const std::vector<KeyEvent>& events, const KeyState& initial = {}) {
  return check_history(events, initial, kMaxSteps);
}

TEST(LinearizabilityTest, AcceptsWhatHappensInTurn) {
  EXPECT_EQ(check({}), yes);
  EXPECT_EQ(check({at(1, 2, got({})), at(3, 4, put("a", false)), at(5, 6, got("a")),
                   at(7, 8, put("b", true)), at(9, 10, swap("b", "c", true)),
                   at(11, 12, swap("b", "d", false)), at(13, 14, got("c")),
                   at(15, 16, removed(true)), at(17, 18, removed(false)), at(19, 20, incr("1")),
                   at(21, 22, incr("2")), at(23, 24, add("x", false)), at(25, 26, got("2"))}),
            yes);
  EXPECT_EQ(check({at(1, 2, got("first"))}, "first"), yes);
}

TEST(LinearizabilityTest, AcceptsWhatOverlapsInAnyOrder) {
  // The get that ends first has seen the later of two puts.
  EXPECT_EQ(check({at(1, 10, put("a", true)), at(2, 9, put("b", false)), at(3, 4, got("b")),
                   at(5, 6, got("a"))}),
            yes);
  // A put of what is there already is needed later.
  EXPECT_EQ(check({at(1, 9, put("a", true)), at(2, 3, put("b", true)), at(4, 5, got("a"))}, "a"),
            yes);
  // Two counters, of which the one that began later was first.
  EXPECT_EQ(check({at(1, 10, incr("2")), at(2, 9, incr("1"))}), yes);
  EXPECT_EQ(check({at(1, 10, add("a", false)), at(2, 9, add("b", true)), at(11, 12, got("b"))}),
            yes);
}

TEST(LinearizabilityTest, RejectsWhatCannotHaveBeen) {
  const struct {
    const char* why;
    std::vector<KeyEvent> events;
  } cases[] = {
      {"out of nothing", {at(1, 2, got("a"))}},
      {"a stale read", {at(1, 2, put("a", false)), at(3, 4, put("b", true)), at(5, 6, got("a"))}},
      {"a lost put", {at(1, 2, put("a", false)), at(3, 4, got({}))}},
      {"a lost increment", {at(1, 10, incr("1")), at(2, 9, incr("1"))}},
      {"a gap", {at(1, 10, incr("1")), at(2, 9, incr("3"))}},
      {"two winners", {at(1, 10, add("a", true)), at(2, 9, add("b", true))}},
      {"no winner", {at(1, 10, add("a", false)), at(2, 9, add("b", false))}},
      {"one value swapped twice",
       {at(1, 2, put("a", false)), at(3, 10, swap("a", "b", true)),
        at(4, 9, swap("a", "c", true))}},
      {"a removal twice",
       {at(1, 2, put("a", false)), at(3, 10, removed(true)), at(4, 9, removed(true))}},
      {"new, then old, while two puts overlap",
       {at(1, 20, put("a", false)), at(2, 19, put("b", true)), at(3, 4, got("b")),
        at(5, 6, got("a"))}},
      {"back in time",
       {at(1, 2, put("a", false)), at(3, 20, put("b", true)), at(4, 5, got("b")),
        at(6, 7, got("a"))}},
      {"said to replace nothing", {at(1, 2, put("a", true))}},
      {"after the end", {at(1, 2, removed(false)), at(3, 4, put("a", false)), at(5, 6, got({}))}},
  };
  for (const auto& [why, events] : cases) EXPECT_EQ(check(events), no) << why;
}

// Histories made by drawing a moment within each call, which are right; and the same with one reply
// changed to what nobody ever stored, which are wrong.
TEST(LinearizabilityTest, KnowsLongHistories) {
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    constexpr int kClients = 6;
    constexpr int kEvents = 1500;
    std::vector<KeyEvent> events;
    std::vector<std::int64_t> free_at(kClients, 0);
    KeyState state;
    for (std::int64_t i = 1; i <= kEvents; ++i) {
      // Moments are ten apart, and a call reaches into others' moments, but not its client's own.
      const std::int64_t moment = i * 10;
      const std::size_t client = random() % kClients;
      KeyEvent event;
      event.kind = static_cast<Kind>(random() % 6);
      event.input = std::to_string(random() % 5);
      event.expected = std::to_string(random() % 5);
      event.found = state.has_value();
      event.output = state;
      if (event.kind == Kind::incr)
        event.output = std::to_string(std::stoi(state.value_or("0")) + 1);
      if (!state_after(event, state)) event.succeeded = false;
      const auto next = state_after(event, state);
      ASSERT_TRUE(next);
      state = *next;
      event.begin =
          std::max(free_at[client] + 1, moment - static_cast<std::int64_t>(random() % 50));
      event.end = moment + static_cast<std::int64_t>(random() % 50);
      if (event.begin > moment) event.begin = moment;
      free_at[client] = event.end;
      events.push_back(event);
    }
    EXPECT_EQ(check(events), yes);
    std::shuffle(events.begin(), events.end(), random);
    EXPECT_EQ(check(events), yes);
    const auto changed = std::find_if(events.begin(), events.end(), [](const KeyEvent& event) {
      return event.kind == Kind::get && event.output;
    });
    ASSERT_NE(changed, events.end());
    changed->output = "never";
    EXPECT_EQ(check(events), no);
  }
}

TEST(LinearizabilityTest, EndsWhenItsStepsAreUsedUp) {
  std::vector<KeyEvent> events;
  for (int i = 0; i < 3000; ++i) events.push_back(at(1, 2, put(std::to_string(i), true)));
  events.push_back(at(3, 4, got("never")));
  EXPECT_EQ(check_history(events, "x", 1000), undecided);
}

}  // namespace
}  // namespace cubby::test
