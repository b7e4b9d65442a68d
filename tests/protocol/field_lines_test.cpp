#include "protocol/field_lines.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace cubby::protocol {
namespace {

using Texts = std::vector<std::string>;

constexpr std::string_view kHead =
    "GET /a:b HTTP/1.1\r\n"
    "Host: a:80\r\n"
    "X-List:one\r\n"
    "Empty:\r\n"
    "Blank: \t \r\n"
    "x-LIST: \t two, three\t \r\n"
    "Accept: */*\r\n"
    "\r\n";

Texts lines_of(std::string_view head, std::string_view name) {
  Texts values;
  for_each_line(head, name, [&values](std::string_view value) {
    values.emplace_back(value);
    return true;
  });
  return values;
}

TEST(FieldLinesTest, FindsEveryLineOfAName) {
  EXPECT_EQ(lines_of(kHead, "host"), Texts{"a:80"});
  EXPECT_EQ(lines_of(kHead, "x-list"), (Texts{"one", "two, three"}));
  EXPECT_EQ(lines_of(kHead, "empty"), Texts{""});
  EXPECT_EQ(lines_of(kHead, "blank"), Texts{""});
  EXPECT_EQ(lines_of(kHead, "x-lis"), Texts{});
  EXPECT_EQ(lines_of(kHead, "get /a"), Texts{});
}

TEST(FieldLinesTest, StopsWhenItIsTold) {
  int calls = 0;
  for_each_line(kHead, "x-list", [&calls](std::string_view) {
    ++calls;
    return false;
  });
  EXPECT_EQ(calls, 1);
}

TEST(FieldLinesTest, TakesLinesInTheirOrder) {
  std::string_view lines = lines_behind_first(kHead);
  std::string_view name;
  std::string_view value;
  Texts names;
  while (take_field_line(lines, name, value)) names.emplace_back(name);
  EXPECT_EQ(names, (Texts{"Host", "X-List", "Empty", "Blank", "x-LIST", "Accept"}));
  EXPECT_EQ(lines, "\r\n");
}

TEST(FieldLinesTest, AHeadMayHaveNoFields) {
  EXPECT_EQ(lines_behind_first("GET / HTTP/1.0\r\n\r\n"), "\r\n");
  EXPECT_EQ(lines_of("GET / HTTP/1.0\r\n\r\n", "host"), Texts{});
  EXPECT_EQ(lines_behind_first(""), "");
  EXPECT_EQ(lines_of("", "host"), Texts{});
}

TEST(FieldLinesTest, OnlyLineIsTheOnlyOne) {
  EXPECT_EQ(only_line(kHead, "accept"), "*/*");
  EXPECT_EQ(only_line(kHead, "empty"), "");
  EXPECT_EQ(only_line(kHead, "x-list"), std::nullopt);
  EXPECT_EQ(only_line(kHead, "none"), std::nullopt);
  EXPECT_EQ(only_line("GET / HTTP/1.1\r\nA: x\r\nA: x\r\nA: x\r\n\r\n", "a"), std::nullopt);
}

TEST(FieldLinesTest, TakesListsApart) {
  const struct {
    std::string_view list;
    Texts elements;
  } cases[] = {
      {"", {}},
      {"a", {"a"}},
      {"a,b", {"a", "b"}},
      {" a \t,\tb c ", {"a", "b c"}},
      {",", {""}},
      {"a,,b", {"a", "", "b"}},
      {" , a", {"", "a"}},
      {"a,", {"a"}},
  };
  for (const auto& [list, elements] : cases) {
    Texts taken;
    for (std::string_view rest = list; !rest.empty();) taken.emplace_back(take_list_element(rest));
    EXPECT_EQ(taken, elements) << list;
  }
}

}  // namespace
}  // namespace cubby::protocol
