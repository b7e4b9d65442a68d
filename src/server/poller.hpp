// Which of a worker's sockets can be read or written.

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/intrusive/list.hpp>
#include <sys/epoll.h>

#include "server/socket_io.hpp"

namespace cubby::server {

// An epoll set inside the io_context's own. Asio tells the kernel anew each time that somebody
// waits for a socket, which is a tenth of what a small request costs. Here a socket is registered
// once, edge-triggered, so that a request takes its recv(), its send() and a share of a look().
//
// Thread safety: none, but for interrupt().
class Poller {
  using Hook =
      boost::intrusive::list_base_hook<boost::intrusive::tag<Poller>,
                                       boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

 public:
  enum class What : std::uint8_t { nothing, reading, writing, turn };

  // What can wait for a socket, always the same one, or for its turn. While it waits the poller
  // owns it.
  class Waiter : public Hook {
   public:
    virtual ~Waiter() = default;

    // The wait is over. It is given itself.
    virtual void go_on(std::unique_ptr<Waiter> self) noexcept = 0;

   protected:
    // A read that brings less than there was room for may leave something: the end of the input, an
    // error, or urgent data.
    bool has_news() const noexcept { return has_news_; }

   private:
    friend class Poller;

    What waits_for_ = What::nothing;
    bool registered_ = false;
    bool has_news_ = false;
  };

  // Throws std::system_error or boost::system::system_error when the system lacks the means.
  explicit Poller(boost::asio::io_context& io);
  // Nobody may wait any more.
  ~Poller();

  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Calls `handler` by the io_context once look() has something to do, or cancel() is called. One
  // at a time.
  template <class Handler>
  void async_wait(Handler handler) {
    set_.async_wait(Set::wait_read,
                    [handler = std::move(handler)](boost::system::error_code) { handler(); });
  }
  void cancel() noexcept;

  enum class Found : std::uint8_t { nothing, something, interrupted };

  // Waits for at most `longest`, then lets those go on whose sockets are ready, kMostAtOnce at
  // most, all who were called, and one whose turn it is.
  Found look(std::chrono::milliseconds longest);

  // Lets `waiter` go on when `fd`, its socket, can be read or written (`what`). Whoever waits for
  // reading has found since it was called last that nothing was left: by EAGAIN, or, without news,
  // by a read that brought less than there was room for (epoll(7)). Throws std::system_error when
  // the system has no means to watch the socket.
  void wait(int fd, What what, std::unique_ptr<Waiter> waiter);

  // Lets it go on after those who have waited for their turns longer. A crowd of them keeps nobody
  // waiting whose socket is ready, and nobody who is new.
  void wait_for_turn(std::unique_ptr<Waiter> waiter) noexcept;
  bool has_turns() const noexcept { return !turns_.empty(); }

  // Lets it go on soon, if it waits.
  void call(Waiter& waiter) noexcept;

  // It is being destroyed. It does not wait.
  void forget(const Waiter& waiter) noexcept;

  // Has a look(), the one that waits or else the next, find the interruption, so that the
  // io_context gets its turn. May be called from any thread.
  void interrupt() noexcept;
  // Likewise each time that something arrives at `fd`, until it is closed. Throws
  // std::system_error.
  void let_interrupt(int fd);

  static constexpr std::size_t kMostAtOnce = 64;

 private:
  using Set = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;
  using List = boost::intrusive::list<Waiter, boost::intrusive::base_hook<Hook>,
                                      boost::intrusive::constant_time_size<false>>;

  void control(int operation, int fd, std::uint32_t events, void* whom);
  void take(std::uint32_t events, Waiter& waiter) noexcept;
  void let_go_on(Waiter& waiter) noexcept;

  Set set_;
  const Descriptor bell_;
  std::array<epoll_event, kMostAtOnce> events_;
  std::span<epoll_event> to_come_;  // of events_, which have not been looked at
  List called_;
  List turns_;  // who wait for them, in order
  std::size_t waiting_ = 0;
  bool looking_ = false;
};

}  // namespace cubby::server
