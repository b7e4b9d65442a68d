#include "protocol/conditions.hpp"

#include <algorithm>

#include "protocol/field_lines.hpp"
#include "protocol/hex.hpp"

namespace cubby::protocol {
namespace {

constexpr std::string_view kAny = "*";
constexpr std::string_view kWeak = "W/";

// etagc (RFC 9110, section 8.8.3)
bool is_tag_character(char c) {
  return c != '"' && (static_cast<unsigned char>(c) > 0x20) && c != 0x7F;
}

// Takes one tag, with its quotes, off the beginning of `text`: returns what is between them.
std::optional<std::string_view> take_opaque(std::string_view& text) {
  if (!text.starts_with('"')) return std::nullopt;
  const std::size_t end = text.find('"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view opaque = text.substr(1, end - 1);
  text.remove_prefix(end + 1);
  if (!std::all_of(opaque.begin(), opaque.end(), is_tag_character)) return std::nullopt;
  return opaque;
}

// Nothing when it is not one that put_entity_tag() writes.
std::optional<EntityTag> tag_of(std::string_view opaque) {
  if (opaque.size() != kEntityTagBytes - 2) return std::nullopt;
  EntityTag tag;
  for (const char c : opaque) {
    if (hex_value(c) < 0 || (c >= 'A' && c <= 'F')) return std::nullopt;
    tag.value = tag.value << 4 | static_cast<std::uint64_t>(hex_value(c));
  }
  return tag;
}

void skip(std::string_view& text, std::string_view characters) {
  text.remove_prefix(std::min(text.find_first_not_of(characters), text.size()));
}

}  // namespace

// Empty elements are allowed in a list, and so is a list of none (RFC 9110, sections 5.6.1.2 and
// 13.1.1).
bool TagList::add(std::string_view text) {
  if (any_) return false;
  if (text == kAny) {
    any_ = !present_;
    present_ = true;
    return any_;
  }
  for (skip(text, " \t,"); !text.empty(); skip(text, " \t,")) {
    const bool is_weak = text.starts_with(kWeak);
    if (is_weak) text.remove_prefix(kWeak.size());
    const auto opaque = take_opaque(text);
    if (!opaque) return false;
    if (const auto tag = tag_of(*opaque)) members_.push_back({*tag, is_weak});
    skip(text, " \t");
    if (!text.empty() && text.front() != ',') return false;
  }
  present_ = true;
  return true;
}

bool TagList::matches(std::optional<EntityTag> tag, Comparison comparison) const noexcept {
  if (!tag) return false;
  return any_ || std::any_of(members_.begin(), members_.end(), [&](const Member& member) {
           return member.tag == *tag && (comparison == Comparison::weak || !member.is_weak);
         });
}

std::size_t TagList::memory_bytes() const noexcept {
  static const std::size_t kInObject = Members().capacity();
  return members_.capacity() > kInObject ? members_.capacity() * sizeof(Member) : 0;
}

Conditions::Verdict Conditions::judge(std::optional<EntityTag> current) const noexcept {
  if (!if_match.is_absent() && !if_match.matches(current, TagList::Comparison::strong)) {
    return Verdict::if_match_failed;
  }
  if (!if_none_match.is_absent() && if_none_match.matches(current, TagList::Comparison::weak)) {
    return Verdict::if_none_match_failed;
  }
  return Verdict::met;
}

Conditions::Verdict Conditions::judge_untagged() const noexcept {
  if (!if_match.is_absent() && !if_match.is_any()) return Verdict::if_match_failed;
  return if_none_match.is_any() ? Verdict::if_none_match_failed : Verdict::met;
}

Ruling rule_on(Conditions::Verdict verdict, bool may_be_not_modified) noexcept {
  using Verdict = Conditions::Verdict;
  if (verdict == Verdict::if_none_match_failed && may_be_not_modified)
    return {.is_modified = false};
  return {.error = verdict == Verdict::met ? Error::none : Error::precondition_failed};
}

Error read_conditions(std::string_view head, Conditions& conditions) {
  bool is_good = true;
  const auto read = [&](std::string_view name, TagList& list) {
    for_each_line(head, name, [&](std::string_view text) { return is_good = list.add(text); });
  };
  read("if-match", conditions.if_match);
  if (is_good) read("if-none-match", conditions.if_none_match);
  return is_good ? Error::none : Error::bad_etag;
}

}  // namespace cubby::protocol
