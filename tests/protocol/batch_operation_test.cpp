#include "protocol/batch_operation.hpp"

#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "support/allocation_counter.hpp"

namespace cubby::protocol {
namespace {

TEST(OperationReaderTest, CountsTheConditionsOfAnElementUntilTheNextBegins) {
  std::string tags;
  for (int i = 0; i < 100; ++i) tags += R"(\"0123456789abcdef\",)";
  const std::string text = R"([{"op":"get","key":"k","if_match":")" + tags +
                           R"(","if_none_match":")" + tags + R"("},{"op":"get","key":"k"}])";
  std::string_view rest = text;
  const Limits limits;
  JsonScanner scanner(limits.max_json_depth);
  OperationReader reader(limits);
  const auto read_element = [&] {
    while (scanner.next(rest) && !reader.take(scanner.event())) {
    }
  };

  read_element();
  ASSERT_EQ(reader.operation().error, Error::none);
  const std::size_t of_tags = reader.operation().conditions.memory_bytes();
  EXPECT_GE(of_tags, 200 * sizeof(EntityTag));
  const std::size_t before = reader.memory_bytes();
  const std::ptrdiff_t allocations = test::live_allocations();
  ASSERT_TRUE(scanner.next(rest));
  EXPECT_FALSE(reader.take(scanner.event()));
  EXPECT_EQ(test::live_allocations(), allocations - 2) << "one for each list";
  EXPECT_EQ(reader.memory_bytes(), before - of_tags);

  read_element();
  EXPECT_EQ(reader.operation().error, Error::none);
  EXPECT_TRUE(reader.operation().conditions.is_empty());
}

}  // namespace
}  // namespace cubby::protocol
