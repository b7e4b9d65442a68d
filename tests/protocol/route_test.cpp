#include "protocol/route.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "protocol/ascii.hpp"
#include "protocol/key_service.hpp"
#include "protocol/list_service.hpp"

namespace cubby::protocol {
namespace {

// A target that is known to be plain must lead where any other does.
Operation find(Method method, const Target& target, const Limits& limits, KeyBuffer& buffer) {
  Operation operation;
  find_operation(method, target, limits, buffer, operation);
  const std::string text = std::string(target.path).append(target.query);
  const bool is_ascii =
      std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
  if (is_ascii && text.find_first_of("%+&") == std::string::npos) {
    Target plain = target;
    plain.is_plain = true;
    Operation other;
    find_operation(method, plain, limits, buffer, other);
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
      {Method::get, "/v1/keys/k", "", get_entry, "k"},
      {Method::head, "/v1/keys/k", "ttl=1", get_entry, "k"},
      {Method::put, "/v1/keys/k", "ttl=1", put_entry, "k"},
      {Method::delete_, "/v1/keys/k", "", delete_entry, "k"},
      {Method::post, "/v1/keys/k/incr", "by=1&initial=2&ttl=3", increment_entry, "k"},
      {Method::post, "/v1/keys/k/append", "", append_to_entry, "k"},
      {Method::post, "/v1/keys/k/prepend", "", prepend_to_entry, "k"},
      {Method::post, "/v1/keys/k/touch", "ttl=3", touch_entry, "k"},
      {Method::post, "/v1/keys/k/take", "", take_entry, "k"},
      {Method::options, "/v1/keys/k", "x=1", report_options, ""},
      {Method::options, "/v1/keys/k/incr", "", report_options, ""},
      {Method::get, "/v1/keys", "prefix=a&limit=1&cursor=b", list_keys, ""},
      {Method::delete_, "/v1/keys", "all=true", delete_keys, ""},
      {Method::get, "/v1/memory", "x=y", report_memory, ""},
      {Method::get, "/openapi.yaml", "", show_openapi, ""},
      // A segment may be anything; a slash in it is encoded, and a plus sign is itself.
      {Method::get, "/v1/keys/%2F", "", get_entry, "/"},
      {Method::get, "/v1/keys/a%2fincr", "", get_entry, "a/incr"},
      {Method::get, "/v1/keys/a+b%2Bc%20d", "", get_entry, "a+b+c d"},
      {Method::get, "/v1/keys/.", "", get_entry, "."},
      {Method::get, "/v1/keys/..", "", get_entry, ".."},
      {Method::get, "/v1/keys/%25", "", get_entry, "%"},
      {Method::get, "/v1/keys/incr", "", get_entry, "incr"},
      {Method::post, "/v1/keys/incr/incr", "", increment_entry, "incr"},
      {Method::post, "/v1/keys/%F0%9F%A6%8A/take", "", take_entry, "🦊"},
      // What is around it may be encoded, where it need not.
      {Method::get, "/%761/%6Beys/k", "", get_entry, "k"},
      {Method::post, "/v1/keys/%6b/%69ncr", "", increment_entry, "k"},
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
      {Method::get, "/v1", "", Error::unknown_path},
      {Method::get, "/v1/", "", Error::unknown_path},
      {Method::get, "/v1/key", "", Error::unknown_path},
      {Method::get, "/v1/keysk", "", Error::unknown_path},
      {Method::get, "/v1/keys/k/", "", Error::unknown_path},
      {Method::get, "/v1/keys/k/l", "", Error::unknown_path},
      {Method::get, "/v1/keys//k", "", Error::unknown_path},
      {Method::get, "//v1/keys/k", "", Error::unknown_path},
      {Method::get, "/v1%2Fkeys/k", "", Error::unknown_path},
      {Method::get, "/v1/keys%2Fk", "", Error::unknown_path},
      {Method::post, "/v1/keys/k/incr/", "", Error::unknown_path},
      {Method::post, "/v1/keys/k/incr/take", "", Error::unknown_path},
      {Method::post, "/v1/keys/k%2Fincr", "", Error::wrong_method},
      {Method::post, "/v1/keys/k/%2Fincr", "", Error::unknown_path},
      {Method::post, "/v1/keys/k/INCR", "", Error::unknown_path},
      {Method::post, "/v1/keys/k", "", Error::wrong_method},
      {Method::patch, "/v1/keys/k", "", Error::wrong_method},
      {Method::get, "/v1/keys/k/incr", "", Error::wrong_method},
      {Method::put, "/v1/keys/k/append", "", Error::wrong_method},
      {Method::put, "/v1/keys", "", Error::wrong_method},
      {Method::get, "/v1/keys/", "", Error::key_empty},
      {Method::post, "/v1/keys//incr", "", Error::key_empty},
      {Method::get, "/v1/keys/%FF", "", Error::key_not_utf8},
      {Method::get, "/v1/keys/%ED%A0%80", "", Error::key_not_utf8},
      {Method::get, "/v1/keys/%", "", Error::bad_escape},
      {Method::get, "/v1/keys/%4", "", Error::bad_escape},
      {Method::get, "/v1/keys/k%4g", "", Error::bad_escape},
      {Method::get, "/v1/keys/k", "ttl=%", Error::bad_escape},
      {Method::get, "/v1/keys/abcde", "", Error::key_too_long},
      {Method::get, "/v1/keys/%61bcde", "", Error::key_too_long},
      {Method::get, "/v1/keys/%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9", "", Error::key_too_long},
      // What is wrong with the key is told before what is wrong with the query.
      {Method::get, "/v1/keys/abcde", "x=1", Error::key_too_long},
      {Method::get, "/v1/keys/k", "x=1", Error::unknown_parameter},
      {Method::get, "/v1/keys/k", "by=1", Error::unknown_parameter},
      {Method::get, "/v1/keys/k", "key=k", Error::unknown_parameter},
      {Method::get, "/v1/keys/k", "ttl=1&ttl=1", Error::repeated_parameter},
      {Method::get, "/v1/keys/k", "ttl=0", Error::bad_ttl},
      {Method::delete_, "/v1/keys/k", "ttl=1", Error::unknown_parameter},
      {Method::post, "/v1/keys/k/take", "ttl=1", Error::unknown_parameter},
      {Method::post, "/v1/keys/k/append", "ttl=1", Error::unknown_parameter},
      {Method::post, "/v1/keys/k/touch", "by=1", Error::unknown_parameter},
      {Method::post, "/v1/keys/k/incr", "by=a", Error::bad_number},
      {Method::get, "/v1/keys", "all=true", Error::unknown_parameter},
      {Method::delete_, "/v1/keys", "limit=1", Error::unknown_parameter},
  };
  const Limits limits{.max_key_length = 4};
  for (const auto& [method, path, query, error] : cases) {
    KeyBuffer buffer;
    EXPECT_EQ(find(method, {path, query}, limits, buffer).error, error) << path << " " << query;
  }
}

// Before it is looked at whether it is UTF-8, and however it is written.
TEST(RouteTest, AKeyInThePathHasRoomForTheLongest) {
  KeyBuffer buffer;
  const Limits limits{.max_key_length = 10'000};
  for (const std::string first : {"a", "%41", "%FF", "\xFF"}) {
    const std::string path = "/v1/keys/" + first + std::string(kMaxKeyBytes - 1, 'x');
    const bool is_text = first == "a" || first == "%41";
    EXPECT_EQ(find(Method::get, {path}, limits, buffer).error,
              is_text ? Error::none : Error::key_not_utf8)
        << first;
    EXPECT_EQ(find(Method::get, {path + "x"}, limits, buffer).error, Error::key_too_long) << first;
  }
}

TEST(RouteTest, ReadsTheParametersOfV1Alone) {
  KeyBuffer buffer;
  const Operation incr =
      find(Method::post, {"/v1/keys/k/incr", "by=-2&initial=%33&ttl=1.5"}, {}, buffer);
  EXPECT_EQ(incr.parameters.by, -2);
  EXPECT_EQ(incr.parameters.initial, 3);
  EXPECT_EQ(incr.parameters.ttl, std::chrono::milliseconds(1500));
  const Operation put = find(Method::put, {"/v1/keys/%41", "ttl=7"}, {}, buffer);
  EXPECT_EQ(put.parameters.ttl, std::chrono::seconds(7));
  EXPECT_EQ(put.key, "A");
  EXPECT_EQ(find(Method::get, {"/get", "key=k&ttl=x&ttl=y"}, {}, buffer).error, Error::none);
}

// Its errors have another shape, even where there is no route.
TEST(RouteTest, KnowsWhatBelongsToV1) {
  KeyBuffer buffer;
  for (const char* path : {"/v1", "/v1/", "/v1/nothing", "/v1/keys/k", "/v1/keys/%", "/v1/stats",
                           "/%761", "/%76%31/x"}) {
    EXPECT_TRUE(find(Method::patch, {path}, {}, buffer).is_v1) << path;
    EXPECT_TRUE(find(Method::unknown, {path}, {}, buffer).is_v1) << path;
  }
  for (const char* path : {"", "*", "/", "/v", "/v10", "/v1x/keys", "/V1/keys", "//v1", "/get/v1",
                           "/v1%2Fkeys", "/put", "/health", "/openapi.yaml"}) {
    EXPECT_FALSE(find(Method::patch, {path}, {}, buffer).is_v1) << path;
  }
}

TEST(RouteTest, KnowsOfEachWhetherItTakesABody) {
  KeyBuffer buffer;
  const auto takes_body = [&buffer](Method method, const char* path) {
    return find(method, {path}, {}, buffer).route->takes_body();
  };
  EXPECT_TRUE(takes_body(Method::put, "/v1/keys/k"));
  EXPECT_TRUE(takes_body(Method::post, "/v1/keys/k/append"));
  EXPECT_TRUE(takes_body(Method::post, "/v1/keys/k/prepend"));
  EXPECT_FALSE(takes_body(Method::get, "/v1/keys/k"));
  EXPECT_FALSE(takes_body(Method::delete_, "/v1/keys/k"));
  EXPECT_FALSE(takes_body(Method::post, "/v1/keys/k/incr"));
  EXPECT_FALSE(takes_body(Method::post, "/v1/keys/k/touch"));
  EXPECT_FALSE(takes_body(Method::post, "/v1/keys/k/take"));
}

TEST(RouteTest, DescribesItself) {
  KeyBuffer buffer;
  const auto allowed = [&buffer](const char* path) {
    return allowed_methods(find(Method::delete_, {path}, {}, buffer).path);
  };
  EXPECT_EQ(allowed("/get"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(allowed("/put"), "POST, OPTIONS");
  EXPECT_EQ(allowed("/health"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(allowed("/v1/keys/k"), "GET, HEAD, PUT, DELETE, OPTIONS");
  EXPECT_EQ(allowed("/v1/keys/k/incr"), "POST, OPTIONS");
  EXPECT_EQ(allowed("/v1/keys"), "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(allowed("/v1/batch"), "POST, OPTIONS");
  EXPECT_EQ(allowed_methods("*"), "GET, HEAD, POST, PUT, DELETE, OPTIONS");
  EXPECT_EQ(describe_routes(),
            "GET /get?key=..., POST /put, GET /v1/keys/{key}, PUT /v1/keys/{key}, "
            "DELETE /v1/keys/{key}, POST /v1/keys/{key}/incr, POST /v1/keys/{key}/append, "
            "POST /v1/keys/{key}/prepend, POST /v1/keys/{key}/touch, POST /v1/keys/{key}/take, "
            "POST /v1/batch, GET /v1/keys, DELETE /v1/keys, GET /health, GET /v1/memory, "
            "GET /v1/stats, GET /openapi.yaml");
}

TEST(RouteTest, KnowsOfEachWhichParametersItTakes) {
  const struct {
    Method method;
    const char* path;
    std::set<std::string> names;
  } cases[] = {
      {Method::get, "/v1/keys/k", {"ttl"}},
      {Method::put, "/v1/keys/k", {"ttl"}},
      {Method::delete_, "/v1/keys/k", {}},
      {Method::post, "/v1/keys/k/incr", {"by", "initial", "ttl"}},
      {Method::post, "/v1/keys/k/append", {}},
      {Method::post, "/v1/keys/k/prepend", {}},
      {Method::post, "/v1/keys/k/touch", {"ttl"}},
      {Method::post, "/v1/keys/k/take", {}},
      {Method::post, "/v1/batch", {}},
      {Method::get, "/v1/keys", {"prefix", "limit", "cursor"}},
      {Method::delete_, "/v1/keys", {"prefix", "all"}},
  };
  for (const auto& [method, path, names] : cases) {
    for (const std::string name : {"ttl", "by", "initial", "prefix", "limit", "cursor", "all"}) {
      KeyBuffer buffer;
      const std::string query = name + (name == "all" ? "=true" : "=1");
      EXPECT_EQ(find(method, {path, query}, {}, buffer).error,
                names.contains(name) ? Error::none : Error::unknown_parameter)
          << path << " " << query;
    }
  }
}

// As a page's headings become anchors: in lower case, with a hyphen for each space.
std::set<std::string> anchors_of(const char* page) {
  std::set<std::string> anchors;
  std::ifstream file(page);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("## ")) continue;
    std::string anchor = line.substr(3);
    std::transform(anchor.begin(), anchor.end(), anchor.begin(),
                   [](char c) { return c == ' ' ? '-' : to_lower(c); });
    anchors.insert(anchor);
  }
  return anchors;
}

TEST(RouteTest, EveryRouteIsExplained) {
  const std::set<std::string> anchors = anchors_of(CUBBY_API_PAGE);
  ASSERT_FALSE(anchors.empty());
  for (const Route& route : routes()) {
    EXPECT_TRUE(anchors.contains(std::string(route.docs)))
        << route.path.text() << " is under " << route.docs;
  }
}

}  // namespace
}  // namespace cubby::protocol
