// Asks a running daemon whether it is well, as a container's health check does: without a shell,
// without a resolver, and never for long.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace cubby::app {

// GETs /health. `host` is what the daemon was told to listen on; when that is every address, or
// "localhost", loopback is asked. Returns what is wrong, in words, or nothing when the answer was a
// 200, or a 503 with Retry-After: that there are too many connections. Takes no longer than
// `timeout`.
std::string check_health(const std::string& host, std::uint16_t port,
                         std::chrono::milliseconds timeout);

}  // namespace cubby::app
