// One client's connection: reads requests, has them answered, and sends the replies.

#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/intrusive/list.hpp>

#include "protocol/connection.hpp"
#include "server/outgoing.hpp"
#include "server/socket_io.hpp"

namespace cubby::server {

class Worker;

// While a peer that was refused is listened to, so that it can read why: at least this long (the
// worker's timer is coarse) and at most this much.
inline constexpr std::chrono::seconds kLingerTime{1};
inline constexpr std::size_t kLingerBytes = std::size_t{16} << 20;

// Memory that a session takes for a request that has not arrived whole, and for replies that are
// not sent, in bytes.
struct Holdings {
  std::size_t own = 0;
  std::size_t staged = 0;        // in the cache, which charges it already
  bool has_large_reply = false;  // which may become its own when the entry goes

  std::size_t sum() const noexcept { return own + staged; }
  bool any() const noexcept { return sum() != 0 || has_large_reply; }
};

// For the worker's lists of its sessions, and of those that hold memory.
using SessionHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<class SessionTag>,
                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
using HolderHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<class HolderTag>,
                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

// A session owns bytes only for a request that has not arrived whole and for replies that the
// kernel did not take; everything else goes through its worker's buffers.
//
// Ownership: a session always waits for exactly one thing, and the handler of that operation, or
// the worker's memory, owns it. When it has nothing to wait for any more it is destroyed, which
// closes the connection.
//
// Thread safety: none; a session belongs to its worker's thread.
class Session : public SessionHook, public HolderHook {
 public:
  // Serves the connection until it ends. Throws when it cannot be begun; it is then closed.
  static void start(Worker& worker, Descriptor socket);

  // Use start(). Joins the worker's list.
  Session(Worker& worker, Descriptor socket);
  ~Session();

  // Ends the wait, so that the session notices that its worker has entered another phase.
  void wake() noexcept;

  // Closes the connection, whatever it is doing, and leaves the worker's list. The session itself
  // goes when its wait has been called off.
  void cut() noexcept;

  // Lets go of all memory that it can do without, because others need it: the request that is in
  // progress is refused, or, when the peer does not read what it was sent already, the connection
  // is closed.
  void shed() noexcept;

  // What the session holds beyond being open.
  Holdings holdings() const noexcept;

  // As Connection::body_bytes_ahead().
  std::optional<std::size_t> body_bytes_ahead() const noexcept {
    return connection_.body_bytes_ahead();
  }

  // A request on this connection has succeeded.
  bool trusted() const noexcept { return connection_.has_succeeded(); }

  // Goes on when the worker's thread has a moment. For sessions that waited for memory.
  static void resume(std::unique_ptr<Session> self) noexcept;

  // A request has begun that is not answered, or a reply is not sent.
  bool busy() const noexcept;

  // Valid once the session is in the worker's list of those that linger.
  std::chrono::steady_clock::time_point linger_deadline() const noexcept {
    return linger_deadline_;
  }

 private:
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp,
                                                  boost::asio::io_context::executor_type>;

  // What a session does next.
  enum class Next { wait_to_read, wait_to_write, wait_for_memory, take_turn, close };

  static void run(std::unique_ptr<Session> self) noexcept;
  static void take_turn(std::unique_ptr<Session> self);
  static void wait(std::unique_ptr<Session> self, boost::asio::socket_base::wait_type what);

  Next step();
  Next answer(std::string_view arrived, bool may_be_more);
  std::size_t take_requests(std::string_view input, bool may_be_more);
  // Nothing when all is sent.
  static std::optional<Next> after(Outgoing::Outcome outcome) noexcept;
  Next when_nothing_arrived() const noexcept;
  Next end() noexcept;
  Next read_away() noexcept;

  Worker& worker_;
  Socket socket_;
  protocol::Connection connection_;
  std::string input_;  // received, not yet consumed by connection_
  Outgoing outgoing_;
  std::size_t arrived_ = 0;  // bytes that were read
  bool lingering_ = false;
  // What the worker keeps account of for this session.
  friend class ConnectionMemory;
  Holdings accounted_;
  std::size_t counted_ = 0;   // of the holdings, for the limit
  std::size_t promised_ = 0;  // for the rest of a body
  std::size_t ahead_ = 0;     // of a body, when it was accounted for last
  // While it has a promise: since when its rate is looked at, and arrived_ then. Otherwise the
  // former is when it last did something.
  std::chrono::steady_clock::time_point window_begin_;
  std::size_t arrived_before_ = 0;

  std::size_t linger_bytes_left_ = kLingerBytes;
  std::chrono::steady_clock::time_point linger_deadline_;
};

}  // namespace cubby::server
