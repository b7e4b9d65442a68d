// How an address and a port are written together.

#pragma once

#include <cstdint>
#include <string>

namespace cubby::server {

// "127.0.0.1:7171", "[::1]:7171".
std::string host_and_port(const std::string& host, std::uint16_t port);

}  // namespace cubby::server
