#include "server/listener.hpp"

#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include "server/address.hpp"

namespace cubby::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

asio::ip::address address_of(const std::string& host) {
  if (host == "localhost") return asio::ip::address_v4::loopback();
  boost::system::error_code error;
  auto address = asio::ip::make_address(host, error);
  if (!error) return address;
  throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                          "cannot listen on \"" + host + "\", which is not an IP address");
}

// Problems of the one connection that was to be accepted: the next may be fine (accept(2)).
bool concerns_one_connection(int error) noexcept {
  switch (error) {
    case ECONNABORTED:
    case EPERM:
    case EPROTO:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
      return true;
    default:
      return false;
  }
}

}  // namespace

Listener::Listener(asio::io_context& io, const std::string& host, std::uint16_t port,
                   Admission& admission, Handler on_connection, Reporter report)
    : admission_(admission),
      on_connection_(std::move(on_connection)),
      report_(std::move(report)),
      acceptor_(io),
      retry_timer_(io) {
  const tcp::endpoint endpoint(address_of(host), port);
  try {
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(Acceptor::reuse_address(true));
    if (endpoint.address().is_v6() && endpoint.address().is_unspecified()) {
      acceptor_.set_option(asio::ip::v6_only(false));
    }
    acceptor_.bind(endpoint);
    acceptor_.native_non_blocking(true);
    limit_unsent(acceptor_.native_handle());
    send_without_delay(acceptor_.native_handle());
    acceptor_.listen(kBacklog);
    port_ = acceptor_.local_endpoint().port();
  } catch (const boost::system::system_error& error) {
    throw std::system_error(error.code(), "cannot listen on " + host_and_port(host, port));
  }
}

void Listener::arm() {
  if (waiting_ || !acceptor_.is_open()) return;
  acceptor_.async_wait(Acceptor::wait_read, [this](boost::system::error_code) { on_readable(); });
  waiting_ = true;
}

void Listener::on_readable() {
  waiting_ = false;
  bool turned_away = false;
  for (int accepted = 0; accepted < kAcceptsPerTurn && acceptor_.is_open(); ++accepted) {
    const Outcome outcome = accept_one();
    if (outcome == Outcome::starved) return retry_later();
    if (outcome == Outcome::none_left) break;
    turned_away = turned_away || outcome == Outcome::turned_away;
  }
  // Turning everybody away at full speed would cost more than serving does.
  if (turned_away && admission_.full()) return retry_later();
  arm();
}

Listener::Outcome Listener::accept_one() {
  if (!admission_.has_place()) return starve("there are as many as there may be");
  int error = ENOMEM;
  try {
    IpAddress from{};
    Descriptor socket = accept_connection(acceptor_.native_handle(), from);
    if (socket.valid()) {
      accepted_.fetch_add(1, std::memory_order_relaxed);
      auto place = admission_.admit(from);
      if (!place) return Outcome::turned_away;
      const bool turned_away = place->turned_away();
      on_connection_(std::move(socket), std::move(*place));
      return turned_away ? Outcome::turned_away : Outcome::accepted;
    }
    error = errno;
  } catch (const std::bad_alloc&) {
  }
  if (error == EAGAIN || error == EWOULDBLOCK) {
    starving_ = false;
    return Outcome::none_left;
  }
  if (concerns_one_connection(error)) return Outcome::skipped;
  return starve(std::system_category().message(error));
}

Listener::Outcome Listener::starve(const std::string& why) {
  const auto now = std::chrono::steady_clock::now();
  if (!std::exchange(starving_, true) && now >= next_report_) {
    report_("cannot accept connections for now: " + why);
    next_report_ = now + kReportInterval;
  }
  return Outcome::starved;
}

void Listener::retry_later() {
  pauses_.fetch_add(1, std::memory_order_relaxed);
  retry_timer_.expires_after(kAcceptRetryDelay);
  retry_timer_.async_wait([this](boost::system::error_code) {
    waiting_ = false;
    arm();
  });
  waiting_ = true;
}

void Listener::accept_rest_and_close() {
  // Clients that go on connecting must not keep the server from stopping.
  for (int accepted = 0; accepted < kBacklog && acceptor_.is_open(); ++accepted) {
    const Outcome outcome = accept_one();
    if (outcome == Outcome::starved || outcome == Outcome::none_left) break;
  }
  close();
}

void Listener::close() noexcept {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  retry_timer_.cancel();
}

}  // namespace cubby::server
