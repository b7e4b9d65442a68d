#include "server/maintenance.hpp"

#include <utility>

#include <boost/asio/post.hpp>

namespace cubby::server {

Maintenance::Maintenance(boost::asio::io_context& io, std::function<bool()> do_a_piece)
    : io_(io), do_a_piece_(std::move(do_a_piece)), timer_(io) {}

void Maintenance::arm() {
  if (armed_ || stopped_) return;
  timer_.expires_after(kMaintenanceInterval);
  timer_.async_wait([this](boost::system::error_code) { run(); });
  armed_ = true;
}

void Maintenance::stop() noexcept {
  stopped_ = true;
  timer_.cancel();
}

void Maintenance::run() {
  armed_ = false;
  if (stopped_) return;
  if (!do_a_piece_()) return arm();
  boost::asio::post(io_, [this] { run(); });
  armed_ = true;
}

}  // namespace cubby::server
