#include "support/contract.hpp"

#include <cstddef>

namespace cubby::test {
namespace {

using namespace std::string_literals;

constexpr std::size_t kMaxKeyLength = 256;
constexpr std::size_t kMaxValueBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxBodyBytes = 6 * (kMaxValueBytes + 4 * kMaxKeyLength) + 4096;
constexpr std::size_t kMaxTargetBytes = 8192;
constexpr std::size_t kMaxHeaderBytes = 16384;
constexpr std::size_t kMaxHeaderFields = 100;
constexpr std::size_t kMaxJsonDepth = 32;

const std::string kHost = "Host: localhost:7171\r\n";
const std::string kStored = R"({"status":"OK","message":"Key inserted/updated successfully."})";
const std::string kNoKey = R"({"status":"ERROR","message":"Key not found."})";

std::string repeat(std::string_view text, std::size_t count) {
  std::string result;
  result.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) result.append(text);
  return result;
}

std::string request(const std::string& line, const std::string& fields = "",
                    const std::string& body = "") {
  return line + " HTTP/1.1\r\n" + kHost + fields + "\r\n" + body;
}

std::string get(const std::string& encoded_key, const std::string& fields = "") {
  return request("GET /get?key=" + encoded_key, fields);
}

std::string hex(std::size_t number) {
  std::string digits;
  for (; number > 0; number /= 16) digits.insert(digits.begin(), "0123456789abcdef"[number % 16]);
  return digits;
}

std::string length_field(std::size_t length) {
  return "Content-Length: " + std::to_string(length) + "\r\n";
}

// A /put of a body, as it is.
std::string put_body(const std::string& body, const std::string& fields = "") {
  return request("POST /put", length_field(body.size()) + fields, body);
}

// A /put of texts that need no escaping, or are escaped already.
std::string put(const std::string& key, const std::string& value) {
  return put_body(R"({"key": ")" + key + R"(", "value": ")" + value + "\"}");
}

std::string put_chunked(const std::string& chunks, const std::string& fields = "") {
  return request("POST /put", "Transfer-Encoding: chunked\r\n" + fields, chunks);
}

ExpectedReply stored() { return {200, kStored, {}, false}; }
ExpectedReply no_key() { return {404, kNoKey, {}, false}; }
ExpectedReply health() { return {200, "OK\n", {}, false}; }
ExpectedReply error(int status) { return {status, std::nullopt, {}, false}; }
ExpectedReply last(ExpectedReply reply) {
  reply.fields.emplace_back("Connection", "close");
  return reply;
}
ExpectedReply error_body(int status, const std::string& message) {
  return {status, R"({"status":"ERROR","message":")" + message + "\"}", {}, false};
}
ExpectedReply found(const std::string& key, const std::string& value) {
  return {200, R"({"status":"OK","key":")" + key + R"(","value":")" + value + "\"}", {}, false};
}
ExpectedReply options(const std::string& methods) { return {200, "", {{"Allow", methods}}, false}; }
ExpectedReply to_head(ExpectedReply reply) {
  reply.to_head = true;
  return reply;
}
ExpectedReply with(ExpectedReply reply, const std::string& field, const std::string& value) {
  reply.fields.emplace_back(field, value);
  return reply;
}

class Table {
 public:
  ContractCase& add(const std::string& name, std::string bytes,
                    std::vector<ExpectedReply> replies) {
    return cases_.emplace_back(
        ContractCase{name, {}, std::move(bytes), std::move(replies), false, ""});
  }

  // The last reply ends the connection.
  ContractCase& add_last(const std::string& name, std::string bytes,
                         std::vector<ExpectedReply> replies) {
    ContractCase& added = add(name, std::move(bytes), std::move(replies));
    added.replies.back() = last(added.replies.back());
    added.closes = true;
    return added;
  }

  // A protocol error: the connection ends, and what follows is never taken for a request.
  void add_refusal(const std::string& name, const std::string& bytes, int status) {
    add_last(name, bytes + request("GET /health"), {error(status)});
  }

  // An application's error: the connection goes on.
  void add_error(const std::string& name, const std::string& bytes, int status) {
    add(name, bytes + request("GET /health"), {error(status), health()});
  }

  std::vector<ContractCase> take() { return std::move(cases_); }

 private:
  std::vector<ContractCase> cases_;
};

void add_operations(Table& table) {
  table.add("health", request("GET /health"), {with(health(), "Content-Type", "text/plain")});
  table.add("health_to_head", request("HEAD /health"), {to_head(health())});
  table.add("put_then_get", put("contract:a", "1") + get("contract:a"),
            {stored(), found("contract:a", "1")});
  table
      .add("put_replaces", put("contract:b", "2") + get("contract:b"),
           {stored(), found("contract:b", "2")})
      .setup = {put("contract:b", "1")};
  table.add("get_miss", get("contract:never-put"), {no_key()});
  table
      .add("head_hit", request("HEAD /get?key=contract:h") + request("GET /health"),
           {to_head(found("contract:h", "12345")), health()})
      .setup = {put("contract:h", "12345")};
  table
      .add("head_hit_escaped", request("HEAD /get?key=contract:h2") + request("GET /health"),
           {to_head(found("contract:h2", R"(\"\"\")")), health()})
      .setup = {put("contract:h2", R"(\"\"\")")};
  table.add("head_miss", request("HEAD /get?key=contract:never-put") + request("GET /health"),
            {to_head(no_key()), health()});
  table.add("empty_value", put("contract:e", "") + get("contract:e"),
            {stored(), found("contract:e", "")});
  table.add(
      "pipelined_in_order",
      put("contract:p", "1") + get("contract:p") + put("contract:p", "2") + get("contract:p") +
          get("contract:never-put") + request("GET /health"),
      {stored(), found("contract:p", "1"), stored(), found("contract:p", "2"), no_key(), health()});
  table.add("unknown_members_are_ignored",
            put_body(R"({"ttx":[1,{"key":2,"value":[]}],"value":"v","x":{"key":"y","key":"z"},)"
                     R"("key":"contract:u","n":-1.5e3,"t":true,"null":null})") +
                get("contract:u"),
            {stored(), found("contract:u", "v")});
  table.add("content_type_is_not_insisted_on",
            put_body(R"({"key":"contract:ct","value":"v"})",
                     "Content-Type: application/x-www-form-urlencoded\r\n"),
            {stored()});
  table.add("content_encoding_identity",
            put_body(R"({"key":"contract:ce","value":"v"})", "Content-Encoding: Identity\r\n"),
            {stored()});
  table.add("content_encoding_is_refused",
            put_body(R"({"key":"contract:ce","value":"v"})", "Content-Encoding: gzip\r\n") +
                request("GET /health", "Content-Encoding: gzip\r\n"),
            {with(error(415), "Accept-Encoding", "identity"), health()});
  table.add("white_space_around_json",
            put_body(" \r\n\t{ \"key\" :\"contract:ws\", \"value\":\"v\" } \n"), {stored()});
  for (const char* number : {"1e999", "-1e999", "1e-999"}) {
    table.add("any_number_elsewhere_"s + number,
              put_body(R"({"key":"contract:n","value":"v","x":)"s + number + "}"), {stored()});
  }
  table.add("names_may_be_escaped", put_body(R"({"\u006bey":"contract:ne","value":"v"})"),
            {stored()});
}

void add_times_to_live(Table& table) {
  const auto put_ttl = [](const std::string& ttl) {
    return put_body(R"({"key":"contract:ttl","value":"v","ttl":)" + ttl + "}");
  };
  for (const char* ttl : {"1", "0.001", "1.5", "1e2", "315360000"}) {
    table.add("ttl_"s + ttl, put_ttl(ttl), {stored()});
  }
  table.add("ttl_may_come_first",
            put_body(R"({"ttl":3600,"key":"contract:ttl","value":"v"})") + get("contract:ttl"),
            {stored(), found("contract:ttl", "v")});
  for (const char* ttl : {"0", "-1", "0.0009", "315360001", "1e999", R"("1")", "null", "true", "[]",
                          "{}", R"(1,"ttl":1)"}) {
    table.add_error("bad_ttl_"s + ttl, put_ttl(ttl), 400);
  }
  table.add("bad_ttl_says_the_limits", put_ttl("0"),
            {error_body(400, "The ttl must be a number of seconds from 0.001 to 315360000.")});
  table.add("ttl_repeated_says_so", put_ttl(R"(1,"ttl":1)"),
            {error_body(400, "The ttl is given more than once.")});
  for (const char* ttl : {"NaN", "Infinity", "+1", "1.", ".5", "01"}) {
    table.add_error("ttl_not_json_"s + ttl, put_ttl(ttl), 400);
  }
}

void add_keys_and_values(Table& table) {
  const auto round_trip = [&table](const std::string& name, const std::string& json_key,
                                   const std::string& query_key, const std::string& json_value,
                                   const std::string& key, const std::string& value) {
    table.add(name, put(json_key, json_value) + get(query_key), {stored(), found(key, value)});
  };
  round_trip("key_percent_encoded", "contract:/ ?&=", "contract%3A%2f%20%3F%26%3d", "v",
             "contract:/ ?&=", "v");
  round_trip("key_plus_is_space", "contract: +", "contract:+%2B", "v", "contract: +", "v");
  round_trip("key_equals_sign", "contract:=a=", "contract:=a=", "v", "contract:=a=", "v");
  round_trip("key_quotes", R"(contract:\"\\)", "contract:%22%5C", "v", R"(contract:\"\\)", "v");
  round_trip("key_nul", R"(contract:\u0000x)", "contract:%00x", "v", R"(contract:\u0000x)", "v");
  round_trip("key_not_trimmed", " contract:t ", "%20contract:t+", "v", " contract:t ", "v");
  round_trip("key_emoji", "contract:🦊", "contract:%F0%9F%A6%8A", "v", "contract:🦊", "v");
  round_trip("key_emoji_escaped", R"(contract:\ud83e\udd8a)", "contract:%f0%9f%a6%8a", "v",
             "contract:🦊", "v");
  round_trip("key_name_encoded", "contract:kn", "contract:kn&%6Bez=1&k+y=2", "v", "contract:kn",
             "v");
  round_trip("value_escapes", "contract:ve", "contract:ve", R"(\"\\\/\b\f\n\r\t\u0000\u001F\u007f)",
             "contract:ve", "\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f");
  round_trip("value_unicode", "contract:vu", "contract:vu", R"(é\u00e9\u2028🦊\ud83e\udd8a)",
             "contract:vu", "éé\u2028🦊🦊");
  round_trip("value_is_http", "contract:vh", "contract:vh", R"(HTTP/1.1 200 OK\r\n\r\n)",
             "contract:vh", R"(HTTP/1.1 200 OK\r\n\r\n)");

  const std::string longest = "contract:" + repeat("é", kMaxKeyLength - 9);
  round_trip("key_longest", longest, "contract:" + repeat("%C3%A9", kMaxKeyLength - 9), "v",
             longest, "v");
  table.add_error("key_too_long_in_put", put(longest + "x", "v"), 400);
  table.add_error("key_too_long_in_get", get("contract:x" + repeat("%C3%A9", kMaxKeyLength - 9)),
                  400);
  table.add_error("key_far_too_long_in_get", get(repeat("%41", 2500)), 400);
  table.add("key_too_long_says_the_limit", get(repeat("x", kMaxKeyLength + 1)),
            {error_body(400, "The key is longer than 256 characters.")});

  const std::string largest = repeat("0123456789abcdef", kMaxValueBytes / 16);
  round_trip("value_largest", "contract:vl", "contract:vl", largest, "contract:vl", largest);
  table.add_error("value_too_large", put("contract:vt", largest + "x"), 413);
  table.add("value_largest_all_escaped", put("contract:va", repeat(R"(\u0000)", kMaxValueBytes)),
            {stored()});
}

void add_bad_queries(Table& table) {
  table.add_error("key_missing_in_get", request("GET /get"), 400);
  table.add_error("key_missing_in_query", request("GET /get?kez=1&ke=2&keys=3&KEY=4"), 400);
  table.add_error("key_empty_in_get", get(""), 400);
  table.add_error("key_without_value", request("GET /get?key"), 400);
  table.add_error("key_repeated_in_get", get("a&key=a"), 400);
  table.add_error("key_repeated_encoded", get("a&k%65y=a"), 400);
  for (const char* escape : {"%zz", "%", "%4", "%4g", "%%41", "%u0041", "a%"}) {
    table.add_error("bad_escape_" + std::string(escape), get(escape), 400);
  }
  table.add_error("bad_escape_elsewhere", get("a&x=%zz"), 400);
  table.add_error("bad_escape_in_path", request("GET /health%"), 400);
  table.add_refusal("key_not_percent_encoded", get("🦊"), 400);
  table.add_refusal("key_not_utf8_nor_percent_encoded", get("\xff"), 400);
  for (const char* bytes : {"%FF", "%C3", "%C0%80", "%ED%A0%80", "%F4%90%80%80", "%80", "%E2%82",
                            "%F5%80%80%80", "a%C3%28"}) {
    table.add_error("not_utf8_" + std::string(bytes), get(bytes), 400);
  }
}

void add_bad_json(Table& table) {
  const std::pair<const char*, std::string> bodies[] = {
      {"empty", ""},
      {"blank", "  "},
      {"number", "1"},
      {"string", "\"key\""},
      {"null", "null"},
      {"array", R"(["key","value"])"},
      {"array_of_object", R"([{"key":"contract:bad","value":"v"}])"},
      {"not_closed", R"({"key":"contract:bad","value":"v")"},
      {"trailing_comma", R"({"key":"contract:bad","value":"v",})"},
      {"trailing_garbage", R"({"key":"contract:bad","value":"v"}x)"},
      {"trailing_object", R"({"key":"contract:bad","value":"v"}{})"},
      {"trailing_nul", R"({"key":"contract:bad","value":"v"})"s + "\0x"s},
      {"nul_between", "{\"key\":\"contract:bad\",\0\"value\":\"v\"}"s},
      {"raw_newline", "{\"key\":\"contract:bad\",\"value\":\"a\nb\"}"},
      {"raw_nul", "{\"key\":\"contract:bad\",\"value\":\"a\0b\"}"s},
      {"comment", R"({"key":"contract:bad",/**/"value":"v"})"},
      {"single_quotes", "{'key':'contract:bad','value':'v'}"},
      {"unquoted_name", R"({key:"contract:bad","value":"v"})"},
      {"byte_order_mark", "\xEF\xBB\xBF{\"key\":\"contract:bad\",\"value\":\"v\"}"},
      {"utf16", "\xFF\xFE{\0\"\0"s},
      {"bad_escape", R"({"key":"contract:bad","value":"\x41"})"},
      {"short_escape", R"({"key":"contract:bad","value":"\u00"})"},
      {"lone_high_surrogate", R"({"key":"contract:bad","value":"\ud83e"})"},
      {"lone_low_surrogate", R"({"key":"contract:bad","value":"\udd8a"})"},
      {"high_then_high", R"({"key":"contract:bad","value":"\ud83e\ud83e"})"},
      {"high_then_letter", R"({"key":"contract:bad","value":"\ud83ex"})"},
      {"surrogate_in_key", R"({"key":"contract:bad\ud83e","value":"v"})"},
      {"surrogate_elsewhere", R"({"key":"contract:bad","value":"v","x":"\ud83e"})"},
      {"utf8_in_value", "{\"key\":\"contract:bad\",\"value\":\"\xff\"}"},
      {"utf8_overlong", "{\"key\":\"contract:bad\",\"value\":\"\xC0\x80\"}"},
      {"utf8_surrogate", "{\"key\":\"contract:bad\",\"value\":\"\xED\xA0\x80\"}"},
      {"utf8_in_key", "{\"key\":\"contract:bad\xC3\",\"value\":\"v\"}"},
      {"utf8_elsewhere", "{\"key\":\"contract:bad\",\"value\":\"v\",\"x\":\"\xff\"}"},
      {"key_missing", R"({"value":"v"})"},
      {"key_wrong_case", R"({"Key":"contract:bad","value":"v"})"},
      {"key_nested_only", R"({"x":{"key":"contract:bad"},"value":"v"})"},
      {"key_repeated", R"({"key":"contract:bad","value":"v","key":"contract:bad"})"},
      {"key_number", R"({"key":1,"value":"v"})"},
      {"key_null", R"({"key":null,"value":"v"})"},
      {"key_array", R"({"key":["contract:bad"],"value":"v"})"},
      {"key_object", R"({"key":{},"value":"v"})"},
      {"key_empty", R"({"key":"","value":"v"})"},
      {"value_missing", R"({"key":"contract:bad"})"},
      {"value_repeated", R"({"key":"contract:bad","value":"v","value":"v"})"},
      {"value_number", R"({"key":"contract:bad","value":1})"},
      {"value_float", R"({"key":"contract:bad","value":1.5})"},
      {"value_negative", R"({"key":"contract:bad","value":-1})"},
      {"value_boolean", R"({"key":"contract:bad","value":true})"},
      {"value_null", R"({"key":"contract:bad","value":null})"},
      {"value_array", R"({"key":"contract:bad","value":[]})"},
      {"value_object", R"({"key":"contract:bad","value":{}})"},
      {"bomb_of_arrays", repeat("[", 100'000)},
      {"bomb_of_objects", repeat(R"({"x":)", 100'000)},
  };
  for (const auto& [name, body] : bodies) {
    table.add("bad_json_" + std::string(name), put_body(body) + get("contract:bad"),
              {error(400), no_key()});
  }
  const auto nested = [](std::size_t depth) {
    return put_body(R"({"key":"contract:depth","value":"v","x":)" + repeat("[", depth - 1) +
                    repeat("]", depth - 1) + "}");
  };
  table.add("json_deepest", nested(kMaxJsonDepth), {stored()});
  table.add_error("json_too_deep", nested(kMaxJsonDepth + 1), 400);
}

void add_paths_and_methods(Table& table) {
  const auto no_path = error(404);
  table.add("unknown_path", request("GET /nothing") + request("GET /health"), {no_path, health()});
  table.add("unknown_path_to_head", request("HEAD /nothing") + request("GET /health"),
            {to_head(no_path), health()});
  for (const char* path : {"/", "/get/", "/GET?key=a", "//get?key=a", "/put/x", "/healthz"}) {
    table.add("unknown_path_" + std::string(path), request("GET "s + path), {no_path});
  }
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "TRACE"}) {
    table.add("wrong_method_for_get_" + std::string(method),
              request(method + " /get?key=a"s) + request("GET /health"),
              {with(error(405), "Allow", "GET, HEAD, OPTIONS"), health()});
  }
  for (const char* method : {"GET", "PUT", "DELETE"}) {
    table.add("wrong_method_for_put_" + std::string(method),
              request(method + " /put"s) + request("GET /health"),
              {with(error(405), "Allow", "POST, OPTIONS"), health()});
  }
  table.add("wrong_method_with_body",
            request("POST /get?key=a", length_field(5), "12345") + request("GET /health"),
            {with(error(405), "Allow", "GET, HEAD, OPTIONS"), health()});
  table.add("wrong_method_to_head", request("HEAD /put") + request("GET /health"),
            {to_head(with(error(405), "Allow", "POST, OPTIONS")), health()});
  table.add("options", request("OPTIONS *") + request("OPTIONS /get") + request("OPTIONS /put"),
            {options("GET, HEAD, POST, PUT, DELETE, OPTIONS"), options("GET, HEAD, OPTIONS"),
             options("POST, OPTIONS")});
  table.add("options_of_the_server_in_absolute_form", request("OPTIONS http://example.com"),
            {options("GET, HEAD, POST, PUT, DELETE, OPTIONS")});
  table.add_error("options_for_unknown_path", request("OPTIONS /nothing"), 404);
  table.add_error("unknown_method", request("BREW /get?key=a"), 501);
  table.add_error("method_is_case_sensitive", request("get /health"), 501);
  table.add_refusal("connect", request("CONNECT example.com:80"), 501);
  table.add("absolute_form", request("GET http://example.com/health"), {health()});
  table.add("absolute_form_with_query", request("GET HTTP://example.com:80/get?key=contract:no"),
            {no_key()});
  table.add("absolute_form_without_path", request("GET http://example.com"), {no_path});
}

void add_bodies(Table& table) {
  const std::string json = R"({"key":"contract:c","value":"v"})";  // 32 bytes
  table.add("chunked", put_chunked("20\r\n" + json + "\r\n0\r\n\r\n") + get("contract:c"),
            {stored(), found("contract:c", "v")});
  table.add("chunked_in_pieces",
            put_chunked("1\r\n{\r\n00f;name=value; other=\"a\\\"b\"\r\n" + json.substr(1, 15) +
                        "\r\n10 ; x\r\n" + json.substr(16) +
                        "\r\n000;last\r\nTrailer: yes\r\nContent-Type: x\r\n\r\n") +
                request("GET /health"),
            {stored(), health()});
  table.add("chunked_empty", put_chunked("0\r\n\r\n") + request("GET /health"),
            {error(400), health()});
  const std::pair<const char*, std::string> chunks[] = {
      {"no_size", "\r\n"},
      {"not_hex", "x\r\n"},
      {"negative", "-1\r\n"},
      {"prefixed", "0x20\r\n"},
      {"overflow", "10000000000000020\r\n"},
      {"space_after_size", "20 \r\n"},
      {"space_before_size", " 20\r\n"},
      {"bare_lf", "20\n" + json + "\n0\n\n"},
      {"data_too_long", "1f\r\n" + json + "\r\n0\r\n\r\n"},
      {"data_without_crlf", "20\r\n" + json + "0\r\n\r\n"},
      {"extension_without_name", "20;\r\n"},
      {"extension_control", "20;a=\"\x01\"\r\n"},
      {"extension_bare_lf", "20;a\n\r\n"},
      {"trailer_folded", "0\r\nA: b\r\n c\r\n\r\n"},
      {"trailer_space_before_colon", "0\r\nA : b\r\n\r\n"},
      {"trailer_bare_lf", "0\r\nA: b\n\r\n"},
      {"trailer_frames", "0\r\nContent-Length: 9\r\n\r\n"},
      {"extension_too_long", "20;" + repeat("x", kMaxHeaderBytes + 1)},
      {"trailers_too_long", "0\r\nA:" + repeat("x", kMaxHeaderBytes)},
      {"trailers_too_many", "0\r\n" + repeat("A:\r\n", kMaxHeaderFields + 1)},
  };
  for (const auto& [name, body] : chunks) {
    table.add_refusal("bad_chunk_" + std::string(name), put_chunked(body), 400);
  }
  table.add("get_with_body",
            get("contract:never-put", length_field(7)) + "ignored" + request("GET /health"),
            {no_key(), health()});
  table.add("get_with_chunked_body",
            get("contract:never-put", "Transfer-Encoding: chunked\r\n") +
                "7\r\nignored\r\n0\r\n\r\n" + request("GET /health"),
            {no_key(), health()});
  table.add("put_without_length", request("POST /put") + request("GET /health"),
            {error(400), health()});

  table.add_refusal("body_declared_too_large",
                    request("POST /put", length_field(kMaxBodyBytes + 1)), 413);
  table.add_refusal("body_declared_far_too_large",
                    request("POST /put", length_field(std::size_t{1} << 62)), 413);
  table.add_refusal("body_of_get_declared_too_large",
                    request("GET /health", length_field(kMaxBodyBytes + 1)), 413);
  table.add_refusal("chunk_declared_too_large", put_chunked(hex(kMaxBodyBytes + 1) + "\r\n"), 413);
  table.add_error("body_largest", put_body("[" + repeat(" ", kMaxBodyBytes - 1)), 400);
}

void add_expectations(Table& table) {
  const std::string json = R"({"key":"contract:x","value":"v"})";
  const std::string expect = "Expect: 100-continue\r\n";
  const std::string put_head = request("POST /put", length_field(json.size()) + expect);
  {
    ContractCase& added = table.add("expect_continue", put_head, {stored()});
    added.body_after_interim = json;
  }
  {
    ContractCase& added = table.add("expect_continue_chunked", put_chunked("", expect), {stored()});
    added.body_after_interim = "20\r\n" + json + "\r\n0\r\n\r\n";
  }
  table.add("expect_with_body_at_once", put_head + json + request("GET /health"),
            {stored(), health()});
  table.add("expect_without_body", request("GET /health", "Expect: 100-Continue\r\n"), {health()});
  table.add("expect_ignored_in_http_1_0",
            "POST /put HTTP/1.0\r\nConnection: keep-alive\r\nExpect: x\r\n" +
                length_field(json.size()) + "\r\n" + json,
            {with(stored(), "Connection", "keep-alive")});
  table.add_refusal("expect_unknown",
                    request("POST /put", length_field(2) + "Expect: 200-ok\r\n", "{}"), 417);
  table.add_refusal("expect_too_large",
                    request("POST /put", length_field(kMaxBodyBytes + 1) + expect), 413);
  table.add_refusal("expect_unknown_path", request("POST /x", length_field(2) + expect, "{}"), 404);
}

void add_persistence(Table& table) {
  const std::string next = request("GET /health");
  table.add_last("connection_close", request("GET /health", "Connection: close\r\n") + next,
                 {health()});
  table.add_last("connection_close_in_list",
                 request("GET /health", "Connection: keep-alive , CLOSE\r\n") + next, {health()});
  table.add_last("connection_close_after_put",
                 put_body(R"({"key":"contract:cc","value":"v"})", "Connection: close\r\n") + next,
                 {stored()});
  table.add_last("http_1_0", "GET /health HTTP/1.0\r\n\r\n" + next, {health()});
  table.add_last("http_1_0_keep_alive",
                 "GET /health HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"
                 "GET /health HTTP/1.0\r\n\r\n",
                 {with(health(), "Connection", "keep-alive"), health()});
  table.add("empty_line_before_request", "\r\n" + next + "\r\n" + next, {health(), health()});
  table.add_refusal("two_empty_lines_before_request", "\r\n\r\n", 400);
}

void add_heads(Table& table) {
  const auto head = [](const std::string& lines) { return "GET /health " + lines + "\r\n"; };
  const std::pair<const char*, std::string> bad[] = {
      {"no_method", " /health HTTP/1.1\r\n" + kHost + "\r\n"},
      {"no_target", "GET  HTTP/1.1\r\n" + kHost + "\r\n"},
      {"one_word", "GET\r\n\r\n"},
      {"tls", "\x16\x03\x01\x02\x00\r\n"s},
      {"two_spaces", "GET  /health HTTP/1.1\r\n" + kHost + "\r\n"},
      {"space_at_end", head("HTTP/1.1 \r\n" + kHost)},
      {"target_relative", request("GET health")},
      {"target_asterisk", request("GET *")},
      {"target_fragment", request("GET /health#a")},
      {"target_nul", request("GET /health\0"s)},
      {"target_no_authority", request("GET http:///health")},
      {"version_lower_case", head("http/1.1\r\n" + kHost)},
      {"version_short", head("HTTP/1\r\n" + kHost)},
      {"version_long", head("HTTP/1.10\r\n" + kHost)},
      {"bare_lf", "GET /health HTTP/1.1\nHost: a\n\n"},
      {"bare_lf_in_field", head("HTTP/1.1\r\nHost: a\nX: b\r\n")},
      {"bare_cr_in_field", head("HTTP/1.1\r\nHost: a\rX: b\r\n")},
      {"folded", head("HTTP/1.1\r\n" + kHost + "X: a\r\n b\r\n")},
      {"folded_blank", head("HTTP/1.1\r\n" + kHost + "X: \r\n b\r\n")},
      {"folded_to_nothing", head("HTTP/1.1\r\n" + kHost + "X: a\r\n \r\n")},
      {"folded_content_length", head("HTTP/1.1\r\n" + kHost + "Content-Length:\r\n 0\r\n")},
      {"space_before_first_field", head("HTTP/1.1\r\n Host: a\r\n")},
      {"space_before_colon", head("HTTP/1.1\r\nHost : a\r\n")},
      {"no_colon", head("HTTP/1.1\r\n" + kHost + "X\r\n")},
      {"no_name", head("HTTP/1.1\r\n" + kHost + ": x\r\n")},
      {"nul_in_name", head("HTTP/1.1\r\n" + kHost + "X\0: a\r\n"s)},
      {"nul_in_value", head("HTTP/1.1\r\n" + kHost + "X: \0\r\n"s)},
      {"control_in_value", head("HTTP/1.1\r\n" + kHost + "X: \x1b\r\n")},
      {"no_host", head("HTTP/1.1\r\n")},
      {"two_hosts", head("HTTP/1.1\r\nHost: a\r\nHost: a\r\n")},
      {"host_with_path", head("HTTP/1.1\r\nHost: a/b\r\n")},
      {"host_with_user", head("HTTP/1.1\r\nHost: a@b\r\n")},
      {"host_with_space", head("HTTP/1.1\r\nHost: a b\r\n")},
      {"host_list", head("HTTP/1.1\r\nHost: a, b\r\n")},
      {"host_empty", head("HTTP/1.1\r\nHost:\r\n")},
      {"host_port_alone", head("HTTP/1.1\r\nHost: :80\r\n")},
      {"host_port_too_large", head("HTTP/1.1\r\nHost: a:65536\r\n")},
      {"host_bad_port", head("HTTP/1.1\r\nHost: a:b\r\n")},
      {"host_bad_literal", head("HTTP/1.1\r\nHost: [::1\r\n")},
      {"host_bad_escape", head("HTTP/1.1\r\nHost: a%2\r\n")},
  };
  for (const auto& [name, bytes] : bad)
    table.add_refusal("bad_head_" + std::string(name), bytes, 400);

  const std::pair<const char*, const char*> framing[] = {
      {"length_and_chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"},
      {"chunked_and_length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"},
      {"gzip_and_length", "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n"},
      {"same_lengths", "Content-Length: 5\r\nContent-Length: 5\r\n"},
      {"other_lengths", "Content-Length: 5\r\nContent-Length: 6\r\n"},
      {"length_list", "Content-Length: 5, 5\r\n"},
      {"length_empty", "Content-Length: \r\n"},
      {"length_positive", "Content-Length: +5\r\n"},
      {"length_negative", "Content-Length: -5\r\n"},
      {"length_hex", "Content-Length: 0x5\r\n"},
      {"length_fraction", "Content-Length: 5.0\r\n"},
      {"length_overflow", "Content-Length: 18446744073709551621\r\n"},
      {"chunked_twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"},
      {"chunked_list", "Transfer-Encoding: chunked, chunked\r\n"},
      {"coding_unknown", "Transfer-Encoding: gzip\r\n"},
      {"coding_before_chunked", "Transfer-Encoding: gzip, chunked\r\n"},
      {"coding_after_chunked", "Transfer-Encoding: chunked, identity\r\n"},
      {"coding_identity", "Transfer-Encoding: identity\r\n"},
      {"coding_empty", "Transfer-Encoding:\r\n"},
      {"coding_misspelt", "Transfer-Encoding: xchunked\r\n"},
  };
  for (const auto& [name, fields] : framing) {
    table.add_refusal("framing_" + std::string(name), request("POST /put", fields, "0\r\n\r\n"),
                      400);
  }
  table.add_refusal("framing_chunked_in_http_1_0",
                    "POST /put HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);

  for (const char* version : {"HTTP/2.0", "HTTP/3.0", "HTTP/1.2", "HTTP/0.9", "HTTP/9.9"}) {
    table.add_refusal("version_" + std::string(version), head(version + "\r\n"s + kHost), 505);
  }
  table.add_refusal("version_none", "GET /health\r\n", 400);
  table.add_refusal("version_preface_2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);

  for (const char* host :
       {"a", "A.b-c_d", "127.0.0.1:7171", "[::1]", "[::1]:80", "a:", "%41", "a:65535"}) {
    table.add("host_" + std::string(host), head("HTTP/1.1\r\nHost: "s + host + "\r\n"), {health()});
  }
  table.add("optional_space", head("HTTP/1.1\r\nhOST:a\r\nX: \t a b \t\r\nEmpty:\r\n"), {health()});
}

void add_limits(Table& table) {
  const auto target_of = [](std::size_t size) {
    return request("GET /health?" + repeat("x", size - 8));
  };
  table.add("target_longest", target_of(kMaxTargetBytes), {health()});
  table.add_refusal("target_too_long", target_of(kMaxTargetBytes + 1), 414);
  table.add_refusal("target_longer_than_the_head_may_be", target_of(kMaxHeaderBytes * 2), 414);

  const auto head_of = [](std::size_t size) {
    const std::size_t rest = request("GET /health", "X: \r\n").size();
    return request("GET /health", "X: " + repeat("x", size - rest) + "\r\n");
  };
  table.add("head_largest", head_of(kMaxHeaderBytes), {health()});
  table.add_refusal("head_too_large", head_of(kMaxHeaderBytes + 1), 431);
  table.add_refusal("head_far_too_large", head_of(kMaxHeaderBytes * 3), 431);
  const auto with_fields = [](std::size_t count) {
    return request("GET /health", repeat("X: y\r\n", count - 1));
  };
  table.add("most_fields", with_fields(kMaxHeaderFields), {health()});
  table.add_refusal("too_many_fields", with_fields(kMaxHeaderFields + 1), 431);
}

}  // namespace

const std::vector<ContractCase>& contract_cases() {
  static const std::vector<ContractCase> cases = [] {
    Table table;
    add_operations(table);
    add_times_to_live(table);
    add_keys_and_values(table);
    add_bad_queries(table);
    add_bad_json(table);
    add_paths_and_methods(table);
    add_bodies(table);
    add_expectations(table);
    add_persistence(table);
    add_heads(table);
    add_limits(table);
    return table.take();
  }();
  return cases;
}

std::string differences(const ExpectedReply& expected, const ReceivedReply& reply) {
  std::string problems;
  const auto problem = [&problems](const std::string& text) { problems.append(text).append("\n"); };
  const auto check = [&](const std::string& name, const std::string& value) {
    const auto got = reply.field(name);
    if (got != value) problem(name + " is " + got.value_or("missing") + ", not " + value);
  };

  if (reply.status != expected.status) {
    problem("status is " + std::to_string(reply.status) + ", not " +
            std::to_string(expected.status));
  }
  if (!expected.body) {
    const std::string before = R"({"status":"ERROR","message":")";
    const std::string after = "\"}";
    if (!expected.to_head && (!reply.body.starts_with(before) || !reply.body.ends_with(after) ||
                              reply.body.size() <= before.size() + after.size())) {
      problem("body is not an error message: " + reply.body.substr(0, 200));
    }
  } else if (!expected.to_head && reply.body != *expected.body) {
    problem("body is " + reply.body.substr(0, 200));
  }
  if (expected.body) check("Content-Length", std::to_string(expected.body->size()));
  const auto date = reply.field("Date").value_or("");
  if (date.size() != 29 || !date.ends_with(" GMT")) problem("Date is " + date);
  if (expected.body != "OK\n" && expected.body != "")
    check("Content-Type", "application/json; charset=utf-8");
  for (const auto& [name, value] : expected.fields) check(name, value);
  return problems;
}

}  // namespace cubby::test
