#include "app/options.hpp"

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <cubby/cache.hpp>

namespace cubby::app {
namespace {

const Option& option(const std::string& name) {
  for (const Option& each : options()) {
    if (each.name == name) return each;
  }
  ADD_FAILURE() << "no option " << name;
  return options().front();
}

bool accepts(const std::string& name, const std::string& text) {
  Settings settings;
  return option(name).kind.apply(text, settings);
}

Settings with(const std::string& name, const std::string& text) {
  Settings settings;
  EXPECT_TRUE(option(name).kind.apply(text, settings)) << name << " " << text;
  return settings;
}

TEST(Options, EveryEntryIsComplete) {
  std::set<std::string> names;
  for (const Option& each : options()) {
    EXPECT_TRUE(names.insert(each.name).second) << each.name;
    EXPECT_FALSE(each.value_name.empty()) << each.name;
    EXPECT_FALSE(each.group.empty()) << each.name;
    EXPECT_FALSE(each.help.empty()) << each.name;
    EXPECT_FALSE(each.kind.expected.empty()) << each.name;
    Settings settings;
    EXPECT_TRUE(each.kind.apply(each.fallback, settings)) << each.name;
    EXPECT_FALSE(each.kind.apply("", settings)) << each.name;
  }
}

TEST(Options, NamesFollowFromOneAnother) {
  EXPECT_EQ(option("max-memory").flag(), "--max-memory");
  EXPECT_EQ(option("max-memory").variable(), "CUBBY_MAX_MEMORY");
}

// The first and the last that is accepted, and their neighbours outside.
TEST(Options, LimitsAreExact) {
  const struct {
    const char* name;
    std::string least;
    std::string below;
    std::string most;
    std::string above;
  } cases[] = {
      {"port", "0", "-1", "65535", "65536"},
      {"threads", "1", "0", "1024", "1025"},
      {"shards", "1", "0", "256", "512"},
      {"capacity-per-shard", "0", "-1", "4294967295", "4294967296"},
      {"max-key-length", "1", "0", "512", "513"},
      {"max-value-size", "1", "0", std::to_string(kMaxValueBytes),
       std::to_string(kMaxValueBytes + 1)},
      {"max-memory", "8m", "8388607", std::to_string(kMaxMemoryBytes),
       std::to_string(kMaxMemoryBytes + 1)},
      {"shutdown-timeout", "0", "-1", "3600s", "3600001ms"},
      {"max-connections", "1", "0", "10000000", "10000001"},
      {"max-connections-per-ip", "0", "-1", "10000000", "10000001"},
      {"header-timeout", "1s", "999ms", "24h", "86400001ms"},
      {"body-timeout", "1s", "999ms", "24h", "86400001ms"},
      {"idle-timeout", "1s", "999ms", "24h", "86400001ms"},
      {"send-timeout", "1s", "999ms", "24h", "86400001ms"},
      {"min-rate", "0", "-1", "1073741824", "1073741825"},
      {"max-header-size", "1k", "1023", "64k", "65537"},
      {"max-header-fields", "1", "0", "1000", "1001"},
      {"max-json-depth", "1", "0", "64", "65"},
      {"default-ttl", "0", "-1", "315360000s", "315360000001ms"},
      {"default-ttl", "1ms", "0.0009s", "3650d", "3650.00001d"},
      {"ttl-jitter", "0", "-1%", "100%", "100.001%"},
      {"ttl-jitter", "0%", "-0%", "100.0%", "101%"},
  };
  for (const auto& each : cases) {
    EXPECT_TRUE(accepts(each.name, each.least)) << each.name;
    EXPECT_FALSE(accepts(each.name, each.below)) << each.name;
    EXPECT_TRUE(accepts(each.name, each.most)) << each.name;
    EXPECT_FALSE(accepts(each.name, each.above)) << each.name;
  }
}

TEST(Options, ShardsAreAPowerOfTwo) {
  for (const char* good : {"1", "2", "4", "64", "128", "256"}) EXPECT_TRUE(accepts("shards", good));
  for (const char* bad : {"3", "63", "65", "100", "255", "257", "64.0", "x"}) {
    EXPECT_FALSE(accepts("shards", bad)) << bad;
  }
}

TEST(Options, HostIsAnAddress) {
  for (const char* good : {"127.0.0.1", "0.0.0.0", "::", "::1", "fe80::1", "localhost"}) {
    EXPECT_EQ(with("host", good).host, good);
  }
  EXPECT_EQ(with("host", "[::1]").host, "::1");
  for (const char* bad : {"", "[]", "example.com", "127.0.0.1:80", "127.1", "1.2.3.4.5",
                          "256.0.0.1", "::1%lo", " ::1", "Localhost", "http://127.0.0.1"}) {
    EXPECT_FALSE(accepts("host", bad)) << bad;
  }
}

TEST(Options, ValuesArriveInTheSettings) {
  EXPECT_EQ(with("port", "80").port, 80);
  EXPECT_EQ(with("threads", "3").threads, 3U);
  EXPECT_EQ(with("threads", "auto").threads, 0U);
  EXPECT_EQ(with("shutdown-timeout", "500ms").shutdown_timeout, std::chrono::milliseconds(500));
  EXPECT_EQ(with("max-memory", "70%").max_memory.percentage, 70);
  EXPECT_EQ(with("max-memory", "1.5g").max_memory.bytes, std::uint64_t{3} << 29);
  EXPECT_EQ(with("shards", "8").shards, 8U);
  EXPECT_EQ(with("capacity-per-shard", "9").capacity_per_shard, 9U);
  EXPECT_EQ(with("max-key-length", "10").max_key_length, 10U);
  EXPECT_EQ(with("max-value-size", "2m").max_value_bytes, std::size_t{2} << 20);
  EXPECT_EQ(with("max-connections", "9").max_connections, 9U);
  EXPECT_EQ(with("max-connections", "auto").max_connections, 0U);
  EXPECT_EQ(with("max-connections-per-ip", "9").max_connections_per_ip, 9U);
  EXPECT_EQ(with("header-timeout", "9s").header_timeout, std::chrono::seconds(9));
  EXPECT_EQ(with("body-timeout", "9s").body_timeout, std::chrono::seconds(9));
  EXPECT_EQ(with("idle-timeout", "9s").idle_timeout, std::chrono::seconds(9));
  EXPECT_EQ(with("send-timeout", "9s").send_timeout, std::chrono::seconds(9));
  EXPECT_EQ(with("min-rate", "9").min_rate, 9U);
  EXPECT_EQ(with("max-header-size", "9k").max_header_bytes, 9U << 10);
  EXPECT_EQ(with("max-header-fields", "9").max_header_fields, 9U);
  EXPECT_EQ(with("max-json-depth", "9").max_json_depth, 9U);
  EXPECT_EQ(with("log-level", "error").log_level, LogLevel::error);
  EXPECT_EQ(with("log-level", "warn").log_level, LogLevel::warn);
  EXPECT_EQ(with("log-level", "info").log_level, LogLevel::info);
  EXPECT_EQ(with("log-level", "debug").log_level, LogLevel::debug);
  EXPECT_EQ(with("default-ttl", "0").default_ttl, std::chrono::milliseconds(0));
  EXPECT_EQ(with("default-ttl", "1.5h").default_ttl, std::chrono::minutes(90));
  EXPECT_EQ(with("ttl-jitter", "12.5%").ttl_jitter_percentage, 12.5);
  EXPECT_EQ(with("ttl-jitter", "0").ttl_jitter_percentage, 0);
  EXPECT_FALSE(accepts("ttl-jitter", "10"));
  EXPECT_FALSE(accepts("ttl-jitter", "0.1"));
  EXPECT_FALSE(accepts("log-level", "trace"));
  EXPECT_FALSE(accepts("max-memory", "0%"));
  EXPECT_FALSE(accepts("max-memory", "101%"));
}

TEST(Options, CorsOriginIsAList) {
  using Origins = std::vector<std::string>;
  const struct {
    const char* text;
    Origins origins;
  } cases[] = {
      {"none", {}},
      {"*", {"*"}},
      {"https://app.example", {"https://app.example"}},
      {"HTTPS://App.Example:443", {"https://app.example"}},
      {"https://a.example, http://b.example:81,http://[::1]",
       {"https://a.example", "http://b.example:81", "http://[::1]"}},
  };
  for (const auto& [text, origins] : cases) {
    EXPECT_EQ(with("cors-origin", text).cors_origins, origins) << text;
  }
  for (const char* bad :
       {"", "null", "app.example", "https://app.example/", "https://app.example/x", "None", "**",
        "https://*.example", "*,https://app.example", "https://app.example,*", "none,*",
        "https://app.example,", ",https://app.example", "https://a.example,,https://b.example",
        "https://a.example https://b.example", "https://a.example\r\nX: y"}) {
    EXPECT_FALSE(accepts("cors-origin", bad)) << bad;
  }
}

// What a weaker source has said does not remain in the list.
TEST(Options, AListReplacesTheOneBefore) {
  Settings settings = with("cors-origin", "https://a.example,https://b.example");
  EXPECT_TRUE(option("cors-origin").kind.apply("https://c.example", settings));
  EXPECT_EQ(settings.cors_origins, std::vector<std::string>{"https://c.example"});
  EXPECT_TRUE(option("cors-origin").kind.apply("none", settings));
  EXPECT_EQ(settings.cors_origins, std::vector<std::string>{});
}

TEST(Options, ARefusedValueChangesNothing) {
  Settings settings = with("max-memory", "64m");
  EXPECT_FALSE(option("max-memory").kind.apply("7m", settings));
  EXPECT_FALSE(option("max-memory").kind.apply("0%", settings));
  EXPECT_EQ(settings.max_memory.bytes, std::uint64_t{64} << 20);
}

TEST(Options, TheClosestNameIsASlipAway) {
  const std::vector<std::string> names = {"port", "host", "max-memory", "max-value-size"};
  EXPECT_EQ(closest_name("prt", names), "port");
  EXPECT_EQ(closest_name("prot", names), "port");
  EXPECT_EQ(closest_name("hosts", names), "host");
  EXPECT_EQ(closest_name("max_memory", names), "max-memory");
  EXPECT_EQ(closest_name("maxvaluesize", names), "max-value-size");
  EXPECT_EQ(closest_name("memory", names), std::nullopt);
  EXPECT_EQ(closest_name("", names), std::nullopt);
  EXPECT_EQ(closest_name(std::string(65, 'x'), names), std::nullopt);
}

}  // namespace
}  // namespace cubby::app
