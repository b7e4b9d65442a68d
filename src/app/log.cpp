#include "app/log.hpp"

// The names that --log-level has for them.
#define SPDLOG_LEVEL_NAMES \
  { "trace", "debug", "info", "warn", "error", "critical", "off" }

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "app/values.hpp"

namespace cubby::app {
namespace {

spdlog::level::level_enum severity(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::debug:
      break;
  }
  return spdlog::level::debug;
}

}  // namespace

class Log::Impl {
 public:
  explicit Impl(LogLevel level)
      : logger_("cubbyd", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger_.set_formatter(std::make_unique<spdlog::pattern_formatter>(
        "%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc));
    logger_.set_level(severity(level));
  }

  void write(LogLevel level, std::string_view message) {
    logger_.log(severity(level), one_line(message));
  }

 private:
  spdlog::logger logger_;
};

Log::Log(LogLevel level) : impl_(std::make_unique<Impl>(level)) {}
Log::~Log() = default;

void Log::write(LogLevel level, std::string_view message) { impl_->write(level, message); }

}  // namespace cubby::app
