#include "app/options.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include <arpa/inet.h>

#include <cubby/cache.hpp>

#include "app/values.hpp"
#include "protocol/cors.hpp"
#include "protocol/field_lines.hpp"
#include "protocol/json_scanner.hpp"

namespace cubby::app {
namespace {

constexpr std::size_t kMostThreads = 1024;
constexpr std::size_t kMostEntriesPerShard = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kMostBytesPerCharacter = 4;  // in UTF-8
constexpr std::chrono::milliseconds kLongestShutdown = std::chrono::hours(1);
constexpr std::chrono::milliseconds kShortestPatience = std::chrono::seconds(1);
constexpr std::chrono::milliseconds kLongestPatience = std::chrono::hours(24);
constexpr std::size_t kMostConnections = 10'000'000;
constexpr std::chrono::milliseconds kNoTime{0};
constexpr std::size_t kHighestMinRate = std::size_t{1} << 30;
constexpr std::size_t kLeastHeaderBytes = std::size_t{1} << 10;
// A head that arrives line by line is read anew for each, so these bound what it can cost.
constexpr std::size_t kMostHeaderBytes = std::size_t{64} << 10;
constexpr std::size_t kMostHeaderFields = 1000;
constexpr std::chrono::milliseconds kLongestTtl = std::chrono::hours(10 * 365 * 24);

template <class T>
Kind whole_number(T Settings::*field, T least, T most) {
  return {"a whole number from " + std::to_string(least) + " to " + std::to_string(most),
          [=](std::string_view text, Settings& settings) {
            const std::optional<std::uint64_t> number = parse_number(text);
            if (!number || *number < least || *number > most) return false;
            settings.*field = static_cast<T>(*number);
            return true;
          }};
}

Kind power_of_two(std::size_t Settings::*field, std::size_t most) {
  return {"a power of two from 1 to " + std::to_string(most),
          [=](std::string_view text, Settings& settings) {
            const std::optional<std::uint64_t> number = parse_number(text);
            if (!number || *number > most || !std::has_single_bit(*number)) return false;
            settings.*field = static_cast<std::size_t>(*number);
            return true;
          }};
}

Kind size(std::size_t Settings::*field, std::size_t least, std::size_t most) {
  return {"a size such as 64k or 1.5m, from " + format_size(least) + " to " + std::to_string(most) +
              " bytes",
          [=](std::string_view text, Settings& settings) {
            const std::optional<std::uint64_t> bytes = parse_size(text);
            if (!bytes || *bytes < least || *bytes > most) return false;
            settings.*field = static_cast<std::size_t>(*bytes);
            return true;
          }};
}

Kind memory_amount() {
  return {"a percentage such as 70%, or a size such as 512m or 1.5g, from " +
              format_size(kMinDaemonMemoryBytes) + " to " + format_size(kMaxMemoryBytes),
          [](std::string_view text, Settings& settings) {
            if (const std::optional<double> percentage = parse_percentage(text)) {
              if (*percentage == 0) return false;
              settings.max_memory = {*percentage, 0};
              return true;
            }
            const std::optional<std::uint64_t> bytes = parse_size(text);
            if (!bytes || *bytes < kMinDaemonMemoryBytes || *bytes > kMaxMemoryBytes) return false;
            settings.max_memory = {0, *bytes};
            return true;
          }};
}

Kind duration(std::chrono::milliseconds Settings::*field, std::chrono::milliseconds least,
              std::chrono::milliseconds most) {
  const std::string from =
      least.count() == 0 ? "at most " : "from " + std::to_string(least.count() / 1000) + "s to ";
  return {"a time such as 500ms, 30s, 15m, 12h or 7d, " + from +
              std::to_string(most.count() / 1000) + "s",
          [=](std::string_view text, Settings& settings) {
            const std::optional<std::chrono::milliseconds> time = parse_duration(text);
            if (!time || *time < least || *time > most) return false;
            settings.*field = *time;
            return true;
          }};
}

Kind patience(std::chrono::milliseconds Settings::*field) {
  return duration(field, kShortestPatience, kLongestPatience);
}

Kind percentage(double Settings::*field) {
  return {"a percentage from 0% to 100%", [=](std::string_view text, Settings& settings) {
            const std::optional<double> share = parse_percentage(text == "0" ? "0%" : text);
            if (!share) return false;
            settings.*field = *share;
            return true;
          }};
}

// 0 in the settings stands for auto.
Kind number_or_auto(std::size_t Settings::*field, std::size_t most) {
  return {"a whole number from 1 to " + std::to_string(most) + ", or auto",
          [=](std::string_view text, Settings& settings) {
            const std::optional<std::uint64_t> number = parse_number(text);
            if (!number && text != "auto") return false;
            if (number && (*number < 1 || *number > most)) return false;
            settings.*field = static_cast<std::size_t>(number.value_or(0));
            return true;
          }};
}

Kind address() {
  return {"an IPv4 address, an IPv6 address, or localhost",
          [](std::string_view text, Settings& settings) {
            if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
              text = text.substr(1, text.size() - 2);
            }
            const std::string host(text);
            in6_addr parsed{};
            if (host != "localhost" && inet_pton(AF_INET, host.c_str(), &parsed) != 1 &&
                inet_pton(AF_INET6, host.c_str(), &parsed) != 1) {
              return false;
            }
            settings.host = host;
            return true;
          }};
}

Kind log_level() {
  return {"one of error, warn, info, debug", [](std::string_view text, Settings& settings) {
            static constexpr std::pair<std::string_view, LogLevel> kLevels[] = {
                {"error", LogLevel::error},
                {"warn", LogLevel::warn},
                {"info", LogLevel::info},
                {"debug", LogLevel::debug},
            };
            for (const auto& [name, level] : kLevels) {
              if (text != name) continue;
              settings.log_level = level;
              return true;
            }
            return false;
          }};
}

std::optional<std::vector<std::string>> parse_origins(std::string_view text) {
  if (text == "none") return std::vector<std::string>{};
  if (text == protocol::kAnyOrigin) return std::vector{std::string(text)};
  if (text.empty() || text.ends_with(',')) return std::nullopt;
  std::vector<std::string> origins;
  while (!text.empty()) {
    auto origin = protocol::read_origin(protocol::take_list_element(text));
    if (!origin) return std::nullopt;
    origins.push_back(std::move(*origin));
  }
  return origins;
}

Kind origin_list() {
  return {
      "a list of origins such as https://app.example:8443 (no path, commas between them), or *, or "
      "none",
      [](std::string_view text, Settings& settings) {
        std::optional<std::vector<std::string>> origins = parse_origins(text);
        if (!origins) return false;
        settings.cors_origins = std::move(*origins);
        return true;
      }};
}

// The fewest characters to insert, remove, replace or swap with their neighbour to turn `a` into
// `b`.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> edits(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) edits[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) edits[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = edits[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      edits[i][j] = std::min({replaced, edits[i - 1][j] + 1, edits[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        edits[i][j] = std::min(edits[i][j], edits[i - 2][j - 2] + 1);
      }
    }
  }
  return edits[a.size()][b.size()];
}

}  // namespace

std::string Option::variable() const {
  std::string variable = "CUBBY_";
  for (const char c : name) {
    variable += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return variable;
}

const std::vector<Option>& options() {
  static const std::vector<Option> kTable = {
      {"host", "ADDRESS", "127.0.0.1", "Listening",
       "The address to listen on: IPv4, IPv6, or localhost. 0.0.0.0 and :: are all there are.",
       address()},
      {"port", "PORT", "7171", "Listening", "The port to listen on. 0 lets the system choose.",
       whole_number<std::uint16_t>(&Settings::port, 0, 65535)},
      {"threads", "N", "auto", "Listening",
       "Worker threads. auto is one a core, as far as affinity and the container's CPU quota "
       "allow.",
       number_or_auto(&Settings::threads, kMostThreads)},
      {"shutdown-timeout", "TIME", "5s", "Listening",
       "How long requests that have begun may take after SIGTERM or SIGINT, before they are cut.",
       duration(&Settings::shutdown_timeout, kNoTime, kLongestShutdown)},
      {"max-connections", "N", "auto", "Connections",
       "How many may be open; whoever is beyond that gets 503 and is closed. auto is what the "
       "limit "
       "of open files allows.",
       number_or_auto(&Settings::max_connections, kMostConnections)},
      {"max-connections-per-ip", "N", "0", "Connections",
       "How many may be open from one IPv4 address or one IPv6 network of 64 bits. 0 sets no "
       "limit.",
       whole_number<std::size_t>(&Settings::max_connections_per_ip, 0, kMostConnections)},
      {"header-timeout", "TIME", "10s", "Connections",
       "How long the head of a request may take, from its first byte to its last.",
       patience(&Settings::header_timeout)},
      {"body-timeout", "TIME", "30s", "Connections",
       "How long the body of a request may take; for every MiB of it a second more.",
       patience(&Settings::body_timeout)},
      {"idle-timeout", "TIME", "75s", "Connections",
       "How long a connection is kept on which no request has begun.",
       patience(&Settings::idle_timeout)},
      {"send-timeout", "TIME", "10s", "Connections",
       "How long a client may read nothing of what it was sent before its connection is reset.",
       patience(&Settings::send_timeout)},
      {"min-rate", "N", "500", "Connections",
       "The bytes a second at which, on average, a body must arrive once it has taken 10s, and "
       "replies must be read. 0 sets no limit.",
       whole_number<std::size_t>(&Settings::min_rate, 0, kHighestMinRate)},
      {"max-memory", "SIZE", "70%", "Memory",
       "The limit for entries, index and connections together: 512m, 1.5g, bytes, or a percentage "
       "of "
       "what the machine or its container has.",
       memory_amount()},
      {"shards", "N", "64", "Memory",
       "Into how many independently locked parts the cache is split: a power of two.",
       power_of_two(&Settings::shards, kMaxShards)},
      {"capacity-per-shard", "N", "0", "Memory",
       "The most entries that a shard may hold. 0 sets no limit but the memory's.",
       whole_number<std::size_t>(&Settings::capacity_per_shard, 0, kMostEntriesPerShard)},
      {"default-ttl", "TIME", "0", "Time to live",
       "How long an entry lives that asks for no time to live of its own: 500ms, 30s, 15m, 12h, "
       "7d. 0 is for ever.",
       duration(&Settings::default_ttl, kNoTime, kLongestTtl)},
      {"ttl-jitter", "PERCENT", "0%", "Time to live",
       "Each time to live is shortened by a random part of it, up to this percentage, so that what "
       "was put together does not expire together.",
       percentage(&Settings::ttl_jitter_percentage)},
      {"max-key-length", "N", "256", "Requests", "The longest key, in characters.",
       whole_number<std::size_t>(&Settings::max_key_length, 1,
                                 kMaxKeyBytes / kMostBytesPerCharacter)},
      {"max-value-size", "SIZE", "1m", "Requests", "The largest value.",
       size(&Settings::max_value_bytes, 1, kMaxValueBytes)},
      {"max-header-size", "SIZE", "16k", "Requests",
       "The largest head of a request: its first line and all header fields.",
       size(&Settings::max_header_bytes, kLeastHeaderBytes, kMostHeaderBytes)},
      {"max-header-fields", "N", "100", "Requests", "The most header fields.",
       whole_number<std::size_t>(&Settings::max_header_fields, 1, kMostHeaderFields)},
      {"max-json-depth", "N", "32", "Requests", "How deep the JSON in a body may be nested.",
       whole_number<std::size_t>(&Settings::max_json_depth, 1, protocol::JsonScanner::kMaxDepth)},
      {"cors-origin", "ORIGIN", "none", "Requests",
       "Pages of which origin may use the cache from a browser: https://app.example. Several are "
       "given one by one, or with commas between them. * is every origin.",
       origin_list(), true},
      {"log-level", "LEVEL", "info", "Logging",
       "How much is logged to standard error: error, warn, info or debug.", log_level()},
  };
  return kTable;
}

const std::vector<Command>& commands() {
  static const std::vector<Command> kTable = {
      {"healthcheck",
       "Ask the daemon at the configured address whether it is well; exit with 0 if so, else 1.",
       Action::healthcheck},
      {"print-config",
       "Show every setting, where it comes from, and how the memory budget was found. The output "
       "can be used as a configuration file.",
       Action::print_config},
      {"version", "Show the version.", Action::version},
      {"help", "Show this page.", Action::help},
  };
  return kTable;
}

std::optional<std::string> closest_name(std::string_view name,
                                        const std::vector<std::string>& names) {
  // Longer ones are no slip of any name here, and would only cost time.
  constexpr std::size_t kLongest = 64;
  if (name.size() > kLongest) return std::nullopt;
  std::optional<std::string> closest;
  std::size_t least = 1 + std::max<std::size_t>(1, name.size() / 4);
  for (const std::string& each : names) {
    const std::size_t edits = distance(name, each);
    if (edits >= least) continue;
    least = edits;
    closest = each;
  }
  return closest;
}

}  // namespace cubby::app
