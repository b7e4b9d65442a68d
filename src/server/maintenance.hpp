// Work that nobody waits for, done between requests.

#pragma once

#include <chrono>
#include <functional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace cubby::server {

// How often it is looked whether there is some.
inline constexpr std::chrono::milliseconds kMaintenanceInterval{250};

// Calls a function that does a piece of work and tells whether there is more: now and then, and
// between the other handlers of the io_context as long as there is more.
//
// Thread safety: none, once the thread that runs the io_context has begun; before that, the
// constructing thread may use it.
class Maintenance {
 public:
  Maintenance(boost::asio::io_context& io, std::function<bool()> do_a_piece);

  // Begins, unless it has begun already or is stopped.
  void arm();

  // Does no more from now on.
  void stop() noexcept;

 private:
  void run();

  boost::asio::io_context& io_;
  const std::function<bool()> do_a_piece_;
  boost::asio::steady_timer timer_;
  bool armed_ = false;
  bool stopped_ = false;
};

}  // namespace cubby::server
