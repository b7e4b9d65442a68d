// Whether what several clients saw of one key can have happened one step at a time.
//
// The search is that of J. M. Wing and C. Gong, "Testing and Verifying Concurrent Objects" (Journal
// of Parallel and Distributed Computing 17, 1993), with the memory of G. Lowe, "Testing for
// Linearizability" (Concurrency and Computation 29, 2017): a set of steps that has led to a value
// once is not tried with the same value again.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cubby::test {

// What the key has; nothing when there is no entry.
using KeyState = std::optional<std::string>;

// A call and its outcome, as the client that made it saw it.
struct KeyEvent {
  enum class Kind : std::uint8_t {
    get,     // `output` is what was there
    put,     // of `input`; succeeds always, and says in `found` whether it replaced something
    add,     // as put, where there is nothing; otherwise fails
    swap,    // as put, where there is `expected`; otherwise fails
    remove,  // fails where there is nothing
    incr,  // by one, from 0 where there is nothing; `output` is the sum; fails on what is no number
  };

  Kind kind = Kind::get;
  std::string input = {};
  KeyState expected = {};
  bool succeeded = true;
  bool found = false;
  KeyState output = {};

  // The call was sent after all that ended before `begin`, and had its reply at `end`.
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

// The state after the event, if it can have been seen in `state`; outer nothing when it cannot.
std::optional<KeyState> state_after(const KeyEvent& event, const KeyState& state);

enum class Linearizability : std::uint8_t { yes, no, undecided };

// Whether the events, in any order, are a history of a key that had `initial` at first; undecided
// after so many steps of the search.
Linearizability check_history(std::vector<KeyEvent> events, const KeyState& initial,
                              std::size_t max_steps);

}  // namespace cubby::test
