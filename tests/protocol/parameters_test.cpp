#include "protocol/parameters.hpp"

#include <chrono>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace cubby::protocol {
namespace {

using namespace std::string_literals;
using std::chrono::milliseconds;

constexpr ParameterSet kEvery(Parameter::ttl, Parameter::by, Parameter::initial, Parameter::prefix,
                              Parameter::limit, Parameter::cursor, Parameter::all);

class ParametersTest : public testing::Test {
 protected:
  Error read(std::string_view query, ParameterSet allowed = kEvery) {
    given_ = {};
    return read_parameters(query, allowed, limits_, buffer_, given_);
  }

  Limits limits_;
  KeyBuffer buffer_;
  Parameters given_;
};

TEST_F(ParametersTest, HaveValuesWhenTheyAreNotGiven) {
  for (const char* query : {"", "&", "&&&", "=", "&=&"}) {
    EXPECT_EQ(read(query), Error::none) << query;
    EXPECT_EQ(given_.ttl, std::nullopt);
    EXPECT_EQ(given_.by, 1);
    EXPECT_EQ(given_.initial, 0);
    EXPECT_EQ(given_.prefix, std::nullopt);
    EXPECT_EQ(given_.cursor, "");
    EXPECT_EQ(given_.limit, 100U);
    EXPECT_FALSE(given_.all);
  }
}

TEST_F(ParametersTest, AreReadTogetherInAnyOrder) {
  EXPECT_EQ(read("all=true&limit=7&ttl=1.5&&by=-3&prefix=a%20b+c&initial=9&cursor=x_-.~%41"),
            Error::none);
  EXPECT_EQ(given_.ttl, milliseconds(1500));
  EXPECT_EQ(given_.by, -3);
  EXPECT_EQ(given_.initial, 9);
  EXPECT_EQ(given_.prefix, "a b c");
  EXPECT_EQ(given_.limit, 7U);
  EXPECT_TRUE(given_.all);
}

TEST_F(ParametersTest, NamesAndValuesMayBeEncoded) {
  EXPECT_EQ(read("%74%74%6C=%31%2e5"), Error::none);
  EXPECT_EQ(given_.ttl, milliseconds(1500));
  EXPECT_EQ(read("b%79=%2D5"), Error::none);
  EXPECT_EQ(given_.by, -5);
  EXPECT_EQ(read("%61ll=tru%65"), Error::none);
  EXPECT_TRUE(given_.all);
  EXPECT_EQ(read("prefi%78=%C3%A9%26%3D%00+%2B"), Error::none);
  EXPECT_EQ(given_.prefix, "é&=\0 +"s);
}

TEST_F(ParametersTest, NumbersReachBothEnds) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(read("by=-9223372036854775808&initial=9223372036854775807"), Error::none);
  EXPECT_EQ(given_.by, kLeast);
  EXPECT_EQ(given_.initial, kMost);
  EXPECT_EQ(read("limit=1"), Error::none);
  EXPECT_EQ(given_.limit, 1U);
  EXPECT_EQ(read("limit=1000"), Error::none);
  EXPECT_EQ(given_.limit, 1000U);
  EXPECT_EQ(read("ttl=0.001"), Error::none);
  EXPECT_EQ(given_.ttl, milliseconds(1));
  EXPECT_EQ(read("ttl=315360000"), Error::none);
  EXPECT_EQ(given_.ttl, std::chrono::seconds(315'360'000));
}

TEST_F(ParametersTest, APrefixMayBeEmptyOrAsLongAsAKey) {
  limits_.max_key_length = 3;
  EXPECT_EQ(read("prefix="), Error::none);
  EXPECT_EQ(given_.prefix, "");
  EXPECT_EQ(read("prefix"), Error::none);
  EXPECT_EQ(given_.prefix, "");
  EXPECT_EQ(read("prefix=%F0%9F%A6%8A%F0%9F%A6%8A%F0%9F%A6%8A"), Error::none);
  EXPECT_EQ(given_.prefix, "🦊🦊🦊");
  EXPECT_EQ(read("prefix=abcd"), Error::bad_prefix);
}

TEST_F(ParametersTest, RefusesValuesThatAreNone) {
  const struct {
    std::string query;
    Error error;
  } cases[] = {
      {"ttl", Error::bad_ttl},
      {"ttl=", Error::bad_ttl},
      {"ttl=0", Error::bad_ttl},
      {"ttl=0.0009", Error::bad_ttl},
      {"ttl=-1", Error::bad_ttl},
      {"ttl=315360000.1", Error::bad_ttl},
      {"ttl=nan", Error::bad_ttl},
      {"ttl=1s", Error::bad_ttl},
      {"ttl=1+", Error::bad_ttl},
      {"ttl=" + std::string(1000, '1'), Error::bad_ttl},
      {"by", Error::bad_number},
      {"by=", Error::bad_number},
      {"by=1.0", Error::bad_number},
      {"by=1e3", Error::bad_number},
      {"by=0x1", Error::bad_number},
      {"by=%2B1", Error::bad_number},
      {"by=+1", Error::bad_number},
      {"by=1%20", Error::bad_number},
      {"by=--1", Error::bad_number},
      {"by=9223372036854775808", Error::bad_number},
      {"by=-9223372036854775809", Error::bad_number},
      {"by=%31%00", Error::bad_number},
      {"initial=", Error::bad_number},
      {"initial=a", Error::bad_number},
      {"initial=9223372036854775808", Error::bad_number},
      {"prefix=%FF", Error::bad_prefix},
      {"prefix=%C3", Error::bad_prefix},
      {"prefix=%ED%A0%80", Error::bad_prefix},
      {"prefix=" + std::string(257, 'a'), Error::bad_prefix},
      {"prefix=" + std::string(5000, 'a'), Error::bad_prefix},
      {"prefix=%41" + std::string(5000, 'a'), Error::bad_prefix},
      {"limit=", Error::bad_limit},
      {"limit=0", Error::bad_limit},
      {"limit=1001", Error::bad_limit},
      {"limit=-1", Error::bad_limit},
      {"limit=1.5", Error::bad_limit},
      {"limit=18446744073709551617", Error::bad_limit},
      {"cursor", Error::none},
      {"cursor=", Error::none},
      {"all", Error::bad_flag},
      {"all=", Error::bad_flag},
      {"all=1", Error::bad_flag},
      {"all=TRUE", Error::bad_flag},
      {"all=truex", Error::bad_flag},
      {"all=false", Error::bad_flag},
  };
  for (const auto& [query, error] : cases) {
    EXPECT_EQ(read(query), error) << query;
    EXPECT_EQ(read("&" + query + "&"), error) << query;
  }
}

// However they are written.
TEST_F(ParametersTest, NumbersHaveSixtyFourCharactersAtMost) {
  const std::string zeros(62, '0');
  for (const std::string one : {"1", "%31"}) {
    EXPECT_EQ(read("by=0" + zeros + one), Error::none);
    EXPECT_EQ(read("by=00" + zeros + one), Error::bad_number);
    EXPECT_EQ(read("ttl=" + one + "." + zeros), Error::none);
    EXPECT_EQ(read("ttl=" + one + ".0" + zeros), Error::bad_ttl);
    EXPECT_EQ(read("limit=0" + zeros + one), Error::none);
    EXPECT_EQ(read("limit=00" + zeros + one), Error::bad_limit);
  }
}

TEST_F(ParametersTest, RefusesWhatItDoesNotTake) {
  for (const char* query : {"x", "x=1", "=1", "TTL=1", "ttl%00=1", "tt=1", "ttll=1", "+ttl=1",
                            "ttl+=1", "a-name-that-is-longer-than-any=1", "ttl;by=1", "ttl=1&x"}) {
    EXPECT_EQ(read(query), Error::unknown_parameter) << query;
  }
  const struct {
    Parameter parameter;
    const char* query;
  } cases[] = {
      {Parameter::ttl, "ttl=1"},         {Parameter::by, "by=1"},
      {Parameter::initial, "initial=1"}, {Parameter::prefix, "prefix=a"},
      {Parameter::limit, "limit=1"},     {Parameter::cursor, "cursor=a"},
      {Parameter::all, "all=true"},
  };
  for (const auto& [parameter, query] : cases) {
    EXPECT_EQ(read(query, ParameterSet(parameter)), Error::none) << query;
    EXPECT_EQ(read(query, ParameterSet()), Error::unknown_parameter) << query;
    for (const auto& other : cases) {
      if (other.parameter == parameter) continue;
      EXPECT_EQ(read(query, ParameterSet(other.parameter)), Error::unknown_parameter) << query;
    }
  }
}

TEST_F(ParametersTest, RefusesEachGivenTwice) {
  for (const char* query :
       {"ttl=1", "by=1", "initial=1", "prefix=a", "limit=1", "cursor=a", "all=true"}) {
    EXPECT_EQ(read(query + "&"s + query), Error::repeated_parameter) << query;
  }
  EXPECT_EQ(read("ttl=1&by=2&%74tl=1"), Error::repeated_parameter);
}

TEST_F(ParametersTest, ABadEscapeAnywhereIsToldFirst) {
  for (const char* query : {"%", "ttl=%", "ttl=%4", "ttl=1&x=%zz", "%g1=1", "x=1&ttl=0&by=%%"}) {
    EXPECT_EQ(read(query), Error::bad_escape) << query;
  }
}

}  // namespace
}  // namespace cubby::protocol
