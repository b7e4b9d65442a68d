// The listening socket: takes new connections in and survives running out of file descriptors.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "server/admission.hpp"
#include "server/socket_io.hpp"

namespace cubby::server {

// How many connections may wait to be accepted; the kernel may allow fewer (net.core.somaxconn).
inline constexpr int kBacklog = 4096;
// How many are accepted before the thread looks after its sessions again.
inline constexpr int kAcceptsPerTurn = 16;
// How long to leave connections in the backlog when the system lacks the means to accept them, or
// when there are as many as there may be.
inline constexpr std::chrono::milliseconds kAcceptRetryDelay{100};
// How often, at most, it is reported that there is one of those reasons.
inline constexpr std::chrono::seconds kReportInterval{10};

// Thread safety: none, once the thread that runs the io_context has begun; before that, the
// constructing thread may use it.
class Listener {
 public:
  // Called with each new connection.
  using Handler = std::function<void(Descriptor socket, Admission::Place place)>;
  using Reporter = std::function<void(std::string_view message)>;

  // Binds and listens. Throws std::system_error, naming the address, when that fails.
  // `admission` must outlive the listener.
  Listener(boost::asio::io_context& io, const std::string& host, std::uint16_t port,
           Admission& admission, Handler on_connection, Reporter report);

  std::uint16_t port() const noexcept { return port_; }
  int descriptor() noexcept { return acceptor_.native_handle(); }

  // Waits for connections, unless it does already or is closed.
  void arm();

  // Accepts what is in the backlog already, at most kBacklog connections, then closes.
  void accept_rest_and_close();

  void close() noexcept;

  // How many were accepted. May be called from any thread, as pauses().
  std::uint64_t accepted() const noexcept { return accepted_.load(std::memory_order_relaxed); }

  // How often connections were left in the backlog for a while.
  std::uint64_t pauses() const noexcept { return pauses_.load(std::memory_order_relaxed); }

 private:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp,
                                                      boost::asio::io_context::executor_type>;

  enum class Outcome { accepted, turned_away, none_left, skipped, starved };

  Outcome accept_one();
  Outcome starve(const std::string& why);
  void on_readable();
  void retry_later();

  Admission& admission_;
  const Handler on_connection_;
  const Reporter report_;
  Acceptor acceptor_;
  boost::asio::steady_timer retry_timer_;
  std::uint16_t port_ = 0;
  bool waiting_ = false;
  bool starving_ = false;  // since the backlog was last seen empty
  std::chrono::steady_clock::time_point next_report_;
  std::atomic<std::uint64_t> accepted_{0};
  std::atomic<std::uint64_t> pauses_{0};
};

}  // namespace cubby::server
