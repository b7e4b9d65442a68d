#include "protocol/route.hpp"

#include <string>

#include <gtest/gtest.h>

namespace cubby::protocol {
namespace {

TEST(RouteTest, FindsTheOperation) {
  const struct {
    Method method;
    const char* path;
    const char* query;
    Service service;
    const char* key;
  } cases[] = {
      {Method::get, "/get", "key=a%20b", get_value, "a b"},
      {Method::head, "/get", "key=a", get_value, "a"},
      {Method::post, "/put", "key=ignored", put_value, ""},
      {Method::get, "/health", "", report_health, ""},
      {Method::head, "/health", "a=%zz", report_health, ""},
  };
  for (const auto& expected : cases) {
    KeyBuffer buffer;
    const Operation operation =
        find_operation(expected.method, expected.path, expected.query, {}, buffer);
    EXPECT_EQ(operation.error, Error::none) << expected.path;
    ASSERT_NE(operation.route, nullptr);
    EXPECT_EQ(operation.route->service, expected.service) << expected.path;
    EXPECT_EQ(operation.key, expected.key);
  }
}

TEST(RouteTest, SaysWhatIsWrong) {
  const struct {
    Method method;
    const char* path;
    const char* query;
    Error error;
  } cases[] = {
      {Method::unknown, "/get", "key=a", Error::unknown_method},
      {Method::connect, "", "", Error::unknown_method},
      {Method::get, "/nothing", "", Error::unknown_path},
      {Method::get, "", "", Error::unknown_path},
      {Method::options, "*", "", Error::unknown_path},
      {Method::post, "/get", "", Error::wrong_method},
      {Method::head, "/put", "", Error::wrong_method},
      {Method::delete_, "/health", "", Error::wrong_method},
      {Method::get, "/get", "", Error::key_missing},
      {Method::get, "/get", "key=", Error::key_empty},
      {Method::get, "/get", "key=%ff", Error::key_not_utf8},
      {Method::get, "/get", "key=%", Error::bad_escape},
      {Method::get, "/get", "key=abcde", Error::key_too_long},
      {Method::get, "/get", "key=%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9", Error::key_too_long},
  };
  const Limits limits{.max_key_length = 4};
  for (const auto& [method, path, query, error] : cases) {
    KeyBuffer buffer;
    EXPECT_EQ(find_operation(method, path, query, limits, buffer).error, error)
        << path << " " << query;
  }
}

TEST(RouteTest, DescribesItself) {
  KeyBuffer buffer;
  const auto allowed = [&buffer](const char* path) {
    return allowed_methods(*find_operation(Method::delete_, path, "", {}, buffer).route);
  };
  EXPECT_EQ(allowed("/get"), "GET, HEAD");
  EXPECT_EQ(allowed("/put"), "POST");
  EXPECT_EQ(allowed("/health"), "GET, HEAD");
  EXPECT_EQ(describe_routes(), "GET /get?key=..., POST /put, GET /health, GET /v1/memory, GET /v1/stats");
}

}  // namespace
}  // namespace cubby::protocol
