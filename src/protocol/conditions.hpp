// Conditional requests (RFC 9110, section 13).

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <boost/container/small_vector.hpp>

#include "protocol/entity_tag.hpp"
#include "protocol/error.hpp"

namespace cubby::protocol {

// What If-Match or If-None-Match has: "*", or a list of entity tags.
class TagList {
 public:
  // Adds the text of one more line of the field. False when it is malformed.
  [[nodiscard]] bool add(std::string_view text);

  // The field is not there.
  bool is_absent() const noexcept { return !present_; }
  bool is_any() const noexcept { return any_; }

  // Whether one of them is this tag; or, when there is no tag because there is no entry, none.
  // Weak tags are like strong ones in a weak comparison, and unlike any in a strong one (section
  // 8.8.3.2).
  enum class Comparison : std::uint8_t { strong, weak };
  bool matches(std::optional<EntityTag> tag, Comparison comparison) const noexcept;

  // Beyond the object, in bytes: none for a few tags.
  std::size_t memory_bytes() const noexcept;

 private:
  struct Member {
    EntityTag tag;
    bool is_weak;
  };
  using Members = boost::container::small_vector<Member, 4>;

  bool present_ = false;
  bool any_ = false;
  // Tags that are none of ours match nothing and are left out.
  Members members_;
};

// The conditions under which a request is to be carried out. Those on times are not looked at,
// because nothing here has a Last-Modified (section 13.1.3).
struct Conditions {
  TagList if_match;
  TagList if_none_match;

  enum class Verdict : std::uint8_t {
    met,
    if_match_failed,
    if_none_match_failed,  // for GET and HEAD that means 304
  };

  bool is_empty() const noexcept { return if_match.is_absent() && if_none_match.is_absent(); }

  // `current` is the tag of the entry, if there is one. The order is that of section 13.2.2.
  Verdict judge(std::optional<EntityTag> current) const noexcept;
  // Likewise of something that is always there and has no tag.
  Verdict judge_untagged() const noexcept;

  // Beyond the object, in bytes.
  std::size_t memory_bytes() const noexcept {
    return if_match.memory_bytes() + if_none_match.memory_bytes();
  }
};

// What becomes of a request under conditions.
struct Ruling {
  Error error = Error::none;
  bool is_modified = true;  // otherwise the client has it already, which is no error
};

// Errors: precondition_failed.
Ruling rule_on(Conditions::Verdict verdict, bool may_be_not_modified) noexcept;

// Reads them from a head. Errors: bad_etag.
Error read_conditions(std::string_view head, Conditions& conditions);

}  // namespace cubby::protocol
