#include "protocol/date_header.hpp"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace cubby::protocol {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

TEST(DateHeaderTest, IsAnImfFixdate) {
  const struct {
    long long unix_time;
    const char* text;
  } cases[] = {
      {0, "Thu, 01 Jan 1970 00:00:00 GMT"},          {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
      {951782399, "Mon, 28 Feb 2000 23:59:59 GMT"},  {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
      {1735689599, "Tue, 31 Dec 2024 23:59:59 GMT"}, {4102444800, "Fri, 01 Jan 2100 00:00:00 GMT"},
  };
  DateHeader date(sys_seconds{seconds{1}});
  for (const auto& [unix_time, text] : cases) {
    date.update(sys_seconds{seconds{unix_time}});
    EXPECT_EQ(date.field(), "Date: " + std::string(text) + "\r\n");
  }
}

}  // namespace
}  // namespace cubby::protocol
