// One client's connection: reads requests, has them answered, and sends the replies.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/connection.hpp"
#include "server/admission.hpp"
#include "server/connection_memory.hpp"
#include "server/deadlines.hpp"
#include "server/outgoing.hpp"
#include "server/patience.hpp"
#include "server/poller.hpp"
#include "server/socket_io.hpp"

namespace cubby::server {

class Worker;

// A session owns bytes only for a request that has not arrived whole and for replies that the
// kernel did not take; everything else goes through its worker's buffers.
//
// Ownership: a session always waits for exactly one thing, and what it waits for owns it: the
// worker's poller or its memory. When it has nothing to wait for any more it is
// destroyed, which closes the connection.
//
// Until it is closed it has a deadline, among those of its worker.
//
// Thread safety: none; a session belongs to its worker's thread.
class Session final : public Timed, public MemoryUser, public Poller::Waiter {
 public:
  // Serves the connection until it ends. Throws when it cannot be begun; it is then closed.
  static void start(Worker& worker, Descriptor socket, Admission::Place place);

  // Does what there is to do, and goes to wait for more.
  static void run(std::unique_ptr<Session> self) noexcept;

  // Use start().
  Session(Worker& worker, Descriptor socket, Admission::Place place);
  ~Session() override;

  // Ends the wait, so that the session notices that its worker has entered another phase.
  void wake() noexcept;

  // Its deadline has come: refuses or closes, when the peer has taken too long, or sets it again.
  void on_deadline(Time now) noexcept;

  // Closes the connection, whatever it is doing; it has no deadline any more. The session itself
  // goes when it goes on.
  void cut() noexcept;

  // Lets go of all memory that it can do without: the request that is in progress is refused, and
  // told why, or, when the peer does not read what it was sent already, the connection is closed.
  void shed(protocol::Error why) noexcept;

  // MemoryUser:
  Holdings holdings() const noexcept override;
  std::optional<std::size_t> body_bytes_ahead() const noexcept override {
    return connection_.body_bytes_ahead();
  }
  std::uint64_t arrived_bytes() const noexcept override { return arrived_; }
  bool trusted() const noexcept override { return connection_.has_succeeded(); }
  void let_go() noexcept override { shed(protocol::Error::no_room); }
  void resume(std::unique_ptr<MemoryUser> self) noexcept override;

  // Poller::Waiter:
  void go_on(std::unique_ptr<Waiter> self) noexcept override;

  // A request has begun that is not answered, or a reply is not sent.
  bool busy() const noexcept;

 private:
  // What a session does next.
  enum class Next { wait_to_read, wait_to_write, wait_for_memory, take_turn, close };

  static void wait_for_memory(std::unique_ptr<Session> self);

  Next step();
  Next answer(std::string_view arrived, bool may_be_more);
  std::size_t take_requests(std::string_view input, bool may_be_more);
  // These return nothing when all is sent.
  std::optional<Next> send(std::string& replies);
  static std::optional<Next> after(Outgoing::Outcome outcome) noexcept;
  Next when_nothing_arrived() const noexcept;
  Next when_input_ended();
  Next give_up(protocol::Error why);
  Next end() noexcept;
  Next read_away() noexcept;
  void set_deadline() noexcept;
  Awaited awaited(protocol::Progress::Stage stage) const noexcept;
  Patience::Figures figures() noexcept;

  Worker& worker_;
  const Admission::Place place_;
  Descriptor socket_;
  protocol::Connection connection_;
  std::string input_;  // received, not yet consumed by connection_
  Outgoing outgoing_;
  std::uint64_t arrived_ = 0;  // bytes that were read
  std::size_t linger_bytes_left_ = kLingerBytes;
  bool lingering_ = false;
  bool has_much_to_read_ = false;  // the peer, while lingering
  bool waits_for_memory_ = false;
  Patience patience_;
};

}  // namespace cubby::server
