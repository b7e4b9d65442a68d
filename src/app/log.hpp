// The daemon's log: lines on standard error, each with the time (UTC, ISO 8601) and its level.

#pragma once

#include <memory>
#include <string_view>

#include "app/settings.hpp"

namespace cubby::app {

// Thread safety: every member function may be called from any thread at any time. A line is written
// whole. Control characters in it are escaped.
class Log {
 public:
  // Drops lines that are less severe than `level`.
  explicit Log(LogLevel level);
  ~Log();

  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void error(std::string_view message) { write(LogLevel::error, message); }
  void warn(std::string_view message) { write(LogLevel::warn, message); }
  void info(std::string_view message) { write(LogLevel::info, message); }
  void debug(std::string_view message) { write(LogLevel::debug, message); }

 private:
  void write(LogLevel level, std::string_view message);

  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cubby::app
