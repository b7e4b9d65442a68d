#include "protocol/conditions.hpp"

#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace cubby::protocol {
namespace {

using Verdict = Conditions::Verdict;

constexpr EntityTag kTag{0x0123456789abcdef};
constexpr EntityTag kOther{0xfedcba9876543210};
#define TAG "\"0123456789abcdef\""
#define OTHER "\"fedcba9876543210\""

std::string head_with(const std::string& fields) {
  return "GET /v1/keys/k HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

// Whether the only list that a head has fits `tag`; nothing when it is malformed.
std::optional<bool> fits(const std::string& list, std::optional<EntityTag> tag,
                         TagList::Comparison comparison) {
  TagList tags;
  if (!tags.add(list)) return std::nullopt;
  return tags.matches(tag, comparison);
}

TEST(TagListTest, ComparesStronglyAndWeakly) {
  const struct {
    const char* list;
    bool strong;
    bool weak;
  } cases[] = {
      {TAG, true, true},
      {"W/" TAG, false, true},
      {OTHER, false, false},
      {"W/" OTHER, false, false},
      {OTHER ", " TAG, true, true},
      {TAG ", " OTHER, true, true},
      {OTHER ", W/" TAG, false, true},
      {"W/" TAG ", " TAG, true, true},
      {"*", true, true},
  };
  for (const auto& [list, strong, weak] : cases) {
    EXPECT_EQ(fits(list, kTag, TagList::Comparison::strong), strong) << list;
    EXPECT_EQ(fits(list, kTag, TagList::Comparison::weak), weak) << list;
  }
}

TEST(TagListTest, NothingMatchesWhereThereIsNoEntry) {
  for (const char* list : {"*", TAG, "W/" TAG, R"("")"}) {
    EXPECT_EQ(fits(list, std::nullopt, TagList::Comparison::strong), false) << list;
    EXPECT_EQ(fits(list, std::nullopt, TagList::Comparison::weak), false) << list;
  }
}

TEST(TagListTest, AllowsWhiteSpaceAndEmptyElements) {
  for (const char* list : {TAG "," OTHER, OTHER "," TAG, OTHER " ,\t" TAG, "," TAG, TAG ",",
                           ",, ,\t," TAG " , ,", OTHER ",,," TAG, " " TAG " "}) {
    EXPECT_EQ(fits(list, kTag, TagList::Comparison::strong), true) << list;
  }
}

// A tag of somebody else's is as good as any, and is none of ours.
TEST(TagListTest, TakesTagsThatItDoesNotWrite) {
  for (const char* tag : {R"("")", R"("a")", R"("*")", R"("a,b")", R"(W/"a")", "\"\x80\xFF\"",
                          R"("!#[\]~")", "\"0123456789ABCDEF\"", "\"0123456789abcde\"",
                          "\"0123456789abcdef0\"", "\"0123456789abcdeg\"", R"("W/")"}) {
    EXPECT_EQ(fits(tag, kTag, TagList::Comparison::weak), false) << tag;
    EXPECT_EQ(fits(tag + std::string(", " TAG), kTag, TagList::Comparison::weak), true) << tag;
  }
}

// RFC 9110, section 13.1.1: "*" / #entity-tag, of which none is enough.
TEST(TagListTest, AListMayBeEmpty) {
  for (const char* list : {"", ",", " , ,"}) {
    EXPECT_EQ(fits(list, kTag, TagList::Comparison::weak), false) << list;
  }
}

TEST(TagListTest, RefusesWhatIsMalformed) {
  for (const char* list :
       {"a",         "0123456789abcdef", "'a'",         "\"",       "\"a",
        "a\"",       "\"a\"\"b\"",       "\"a\" \"b\"", "\"a b\"",  "\"a\tb\"",
        "\"\x7F\"",  "w/\"a\"",          "W/",          "W/a",      "W/ \"a\"",
        "W/W/\"a\"", "\"a\"x",           "x\"a\"",      "\"a\";",   "*, *",
        "*, \"a\"",  "\"a\", *",         "**",          "\"a\", b", "\"a\", \"b"}) {
    EXPECT_EQ(fits(list, kTag, TagList::Comparison::weak), std::nullopt) << list;
  }
}

TEST(TagListTest, LongListsAreRead) {
  std::string list;
  for (int i = 0; i < 100; ++i) list += OTHER ", ";
  EXPECT_EQ(fits(list, kTag, TagList::Comparison::strong), false);
  EXPECT_EQ(fits(list + TAG, kTag, TagList::Comparison::strong), true);
}

TEST(TagListTest, OnlyMoreThanAFewTagsTakeMemoryBeyondIt) {
  Conditions conditions;
  for (TagList* const list : {&conditions.if_match, &conditions.if_none_match}) {
    const std::size_t before = conditions.memory_bytes();
    ASSERT_TRUE(list->add(TAG ", W/" OTHER));
    EXPECT_EQ(conditions.memory_bytes(), before);
    std::string more;
    for (int i = 0; i < 100; ++i) more += OTHER ", ";
    ASSERT_TRUE(list->add(more));
    EXPECT_GE(conditions.memory_bytes(), before + 100 * sizeof(EntityTag));
    EXPECT_LE(conditions.memory_bytes(), before + 500 * sizeof(EntityTag));
  }
}

TEST(ConditionsTest, AreReadFromAHead) {
  const struct {
    const char* fields;
    Error error;
    Verdict verdict;  // of kTag
  } cases[] = {
      {"", Error::none, Verdict::met},
      {"If-Match: " TAG "\r\n", Error::none, Verdict::met},
      {"If-Match: " OTHER "\r\n", Error::none, Verdict::if_match_failed},
      {"If-None-Match: " TAG "\r\n", Error::none, Verdict::if_none_match_failed},
      {"If-None-Match: " OTHER "\r\n", Error::none, Verdict::met},
      // Strong where it is about what to change, weak where it is about what is known already.
      {"If-Match: W/" TAG "\r\n", Error::none, Verdict::if_match_failed},
      {"If-None-Match: W/" TAG "\r\n", Error::none, Verdict::if_none_match_failed},
      {"If-Match: *\r\n", Error::none, Verdict::met},
      {"If-None-Match: *\r\n", Error::none, Verdict::if_none_match_failed},
      // Several lines are one list.
      {"If-Match: " OTHER "\r\nIf-Match: " TAG "\r\n", Error::none, Verdict::met},
      {"if-none-match: " OTHER "\r\nX: y\r\nIF-NONE-MATCH: " TAG "\r\n", Error::none,
       Verdict::if_none_match_failed},
      {"If-Match: *\r\nIf-Match: " TAG "\r\n", Error::bad_etag, Verdict::met},
      {"If-Match: " TAG "\r\nIf-Match: *\r\n", Error::bad_etag, Verdict::met},
      {"If-Match: *\r\nIf-Match: *\r\n", Error::bad_etag, Verdict::met},
      {"If-Match: " TAG "\r\nIf-Match: x\r\n", Error::bad_etag, Verdict::met},
      {"If-Match: \r\n", Error::none, Verdict::if_match_failed},
      {"If-None-Match:\r\n", Error::none, Verdict::met},
      {"If-None-Match:\r\nIf-None-Match: *\r\n", Error::bad_etag, Verdict::met},
      {"If-None-Match: x\r\n", Error::bad_etag, Verdict::met},
      {"If-Match: x\r\nIf-None-Match: *\r\n", Error::bad_etag, Verdict::met},
      {"If-Match: *\r\nIf-None-Match: x\r\n", Error::bad_etag, Verdict::met},
      {"If-Match:\t  " TAG " \t\r\n", Error::none, Verdict::met},
      // Of these nothing is looked at.
      {"If-Modified-Since: x\r\nIf-Unmodified-Since: x\r\nIf-Range: x\r\nX-If-Match: x\r\n",
       Error::none, Verdict::met},
  };
  for (const auto& [fields, error, verdict] : cases) {
    Conditions conditions;
    const std::string head = head_with(fields);
    EXPECT_EQ(read_conditions(head, conditions), error) << fields;
    if (error != Error::none) continue;
    EXPECT_EQ(conditions.judge(kTag), verdict) << fields;
  }
}

// Section 13.2.2: If-None-Match is looked at only when If-Match holds.
TEST(ConditionsTest, IfMatchComesFirst) {
  const struct {
    const char* if_match;
    const char* if_none_match;
    std::optional<EntityTag> current;
    Verdict verdict;
  } cases[] = {
      {TAG, TAG, kTag, Verdict::if_none_match_failed},
      {TAG, OTHER, kTag, Verdict::met},
      {OTHER, TAG, kTag, Verdict::if_match_failed},
      {OTHER, OTHER, kTag, Verdict::if_match_failed},
      {"*", "*", kTag, Verdict::if_none_match_failed},
      {"*", "*", std::nullopt, Verdict::if_match_failed},
      {TAG, "*", std::nullopt, Verdict::if_match_failed},
      {TAG ", " OTHER, TAG, kOther, Verdict::met},
  };
  for (const auto& [if_match, if_none_match, current, verdict] : cases) {
    Conditions conditions;
    const std::string head = head_with("If-None-Match: " + std::string(if_none_match) +
                                       "\r\nIf-Match: " + std::string(if_match) + "\r\n");
    ASSERT_EQ(read_conditions(head, conditions), Error::none);
    EXPECT_EQ(conditions.judge(current), verdict) << head;
  }
}

TEST(ConditionsTest, WithoutAnEntryOnlyIfMatchFails) {
  for (const char* list : {"*", TAG}) {
    Conditions if_match;
    ASSERT_EQ(read_conditions(head_with("If-Match: " + std::string(list) + "\r\n"), if_match),
              Error::none);
    EXPECT_FALSE(if_match.is_empty());
    EXPECT_EQ(if_match.judge(std::nullopt), Verdict::if_match_failed) << list;
    Conditions if_none_match;
    ASSERT_EQ(
        read_conditions(head_with("If-None-Match: " + std::string(list) + "\r\n"), if_none_match),
        Error::none);
    EXPECT_FALSE(if_none_match.is_empty());
    EXPECT_EQ(if_none_match.judge(std::nullopt), Verdict::met) << list;
  }
  EXPECT_TRUE(Conditions{}.is_empty());
  EXPECT_EQ(Conditions{}.judge(std::nullopt), Verdict::met);
}

}  // namespace
}  // namespace cubby::protocol
