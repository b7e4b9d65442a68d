// What becomes of one message, for tests that have one line for each rule of HTTP.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/loopback.hpp"

namespace cubby::test {

// Gives `message` to connections of the world: whole, byte by byte, and cut in two at every place;
// and always with a put behind it, which shows where the connection thinks that the message ends.
// The verdict is one of
//
//   "200 open"    answered once, and then the put was carried out
//   "400 closed"  answered once, saying "Connection: close", and the put was not looked at
//   "waits"       not answered, and taken for the beginning of a request
//   "ignored"     not answered, and the put was carried out
//
// or says what else happened, or how the message had to be cut to make a difference.
std::string verdict_on(World& world, const std::string& message);

// One rule's messages and what they should come to.
struct Rule {
  std::string verdict;
  std::vector<std::string> messages;
};

// Expects of every message the verdict of its rule.
void expect_verdicts(const std::vector<Rule>& rules);

// Every byte but those of `text`.
std::vector<char> all_bytes_but(std::string_view text);

// `text` with control and other bytes in hex, for messages of tests.
std::string printable(std::string_view text);

}  // namespace cubby::test
