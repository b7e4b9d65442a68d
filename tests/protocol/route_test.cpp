#include "protocol/route.hpp"

#include <string>

#include <gtest/gtest.h>

namespace cubby::protocol {
namespace {

// A target that is known to be plain must lead where any other does.
Operation find(Method method, const Target& target, const Limits& limits, KeyBuffer& buffer) {
  const Operation operation = find_operation(method, target, limits, buffer);
  if ((std::string(target.path) + std::string(target.query)).find_first_of("%+&") ==
      std::string::npos) {
    Target plain = target;
    plain.is_plain = true;
    const Operation other = find_operation(method, plain, limits, buffer);
    EXPECT_EQ(other.error, operation.error) << target.path;
    EXPECT_EQ(other.route, operation.route) << target.path;
    EXPECT_EQ(other.path, operation.path) << target.path;
    EXPECT_EQ(other.key, operation.key) << target.path;
  }
  return operation;
}

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
      {Method::head, "/health", "a=b", report_health, ""},
      {Method::get, "/%68ealt%68", "", report_health, ""},
      {Method::options, "/put", "", report_options, ""},
      {Method::options, "/get", "", report_options, ""},
      {Method::options, "*", "", report_options, ""},
  };
  for (const auto& expected : cases) {
    KeyBuffer buffer;
    const Operation operation = find(expected.method, {expected.path, expected.query}, {}, buffer);
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
      {Method::options, "/nothing", "", Error::unknown_path},
      {Method::get, "*", "", Error::unknown_path},
      {Method::get, "/health%2f", "", Error::unknown_path},
      {Method::get, "%2fhealth", "", Error::unknown_path},
      {Method::get, "/healt%48", "", Error::unknown_path},
      {Method::get, "/health", "a=%zz", Error::bad_escape},
      {Method::get, "/healt%6", "", Error::bad_escape},
      {Method::unknown, "/%", "", Error::unknown_method},
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
    EXPECT_EQ(find(method, {path, query}, limits, buffer).error, error) << path << " " << query;
  }
}

TEST(RouteTest, DescribesItself) {
  KeyBuffer buffer;
  const auto allowed = [&buffer](const char* path) {
    return allowed_methods(find(Method::delete_, {path}, {}, buffer).path);
  };
  EXPECT_EQ(allowed("/get"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(allowed("/put"), "POST, OPTIONS");
  EXPECT_EQ(allowed("/health"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(allowed_methods("*"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(describe_routes(),
            "GET /get?key=..., POST /put, GET /health, GET /v1/memory, GET /v1/stats");
}

}  // namespace
}  // namespace cubby::protocol
