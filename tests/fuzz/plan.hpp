// What an input says beside the bytes that are fuzzed: how they are cut, and what happens
// meanwhile.

#pragma once

#include <string_view>

namespace cubby::test {

// UTF-8 has no 0xFF, so what can be accepted is seldom taken for a plan, and an input is legible up
// to there.
inline constexpr char kPlanMark = '\xFF';

struct PlannedInput {
  std::string_view bytes;
  std::string_view plan;  // empty when there is none
};

// Splits an input at the last kPlanMark.
inline PlannedInput split_plan(std::string_view input) {
  const auto mark = input.rfind(kPlanMark);
  if (mark == std::string_view::npos) return {input, {}};
  return {input.substr(0, mark), input.substr(mark + 1)};
}

}  // namespace cubby::test
