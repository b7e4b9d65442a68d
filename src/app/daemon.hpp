// The daemon's life: cache, server, log, from start to signal.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "app/settings.hpp"
#include "protocol/connection.hpp"

namespace cubby::app {

// Runs until SIGTERM or SIGINT, and returns when the server has stopped. Throws
// std::system_error when the address cannot be listened on, and std::bad_alloc when there is no
// memory to start with. Only once a process, from its main thread, before there are others.
void run_daemon(const Settings& settings);

// The line that is logged when the server listens; `port` is the one that it got.
std::string start_line(const Settings& settings, std::uint16_t port);

// The line that is logged when it has stopped; `all_answered` when no connection had to be cut.
std::string stop_line(const Settings& settings, int signal, std::chrono::milliseconds uptime,
                      bool all_answered);

// The line that is logged for a request at the level debug: method, path, status, bytes of the
// body.
std::string request_line(const protocol::RequestRecord& request);

// "http://127.0.0.1:7171", "http://[::1]:7171".
std::string url(const std::string& host, std::uint16_t port);

}  // namespace cubby::app
