#include "server/poller.hpp"

#include <cassert>
#include <cerrno>
#include <system_error>

#include <sys/eventfd.h>
#include <unistd.h>

namespace cubby::server {
namespace {

constexpr std::uint32_t kNews = EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI;

int checked(int result) {
  if (result >= 0) return result;
  throw std::system_error(errno, std::system_category(), "cannot wait for connections");
}

}  // namespace

// Invariants: whoever waits, and nobody else, has waits_for_ set and belongs to the poller; those
// in called_ wait for their sockets, those in turns_ for their turns. In an event
// the poller itself stands for an interruption, and null for whom it was told to forget.

Poller::Poller(boost::asio::io_context& io)
    : set_(io), bell_(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {
  Descriptor set(checked(::epoll_create1(EPOLL_CLOEXEC)));
  set_.assign(set.get());
  set.release();
  let_interrupt(bell_.get());
}

Poller::~Poller() { assert(waiting_ == 0); }

void Poller::cancel() noexcept {
  boost::system::error_code ignored;
  set_.cancel(ignored);
}

void Poller::control(int operation, int fd, std::uint32_t events, void* whom) {
  epoll_event event{.events = events | EPOLLET, .data = {.ptr = whom}};
  checked(::epoll_ctl(set_.native_handle(), operation, fd, &event));
}

// To wait for room is rare, so there the kernel is asked to look again.
void Poller::wait(int fd, What what, std::unique_ptr<Waiter> waiter) {
  Waiter& w = *waiter;
  const bool writing = what == What::writing;
  if (!w.registered_ || writing) {
    control(w.registered_ ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd,
            EPOLLIN | EPOLLRDHUP | EPOLLPRI | (writing ? EPOLLOUT : 0U), &w);
    w.registered_ = true;
  }
  w.waits_for_ = what;
  ++waiting_;
  static_cast<void>(waiter.release());
}

Poller::Found Poller::look(std::chrono::milliseconds longest) {
  const int count =
      ::epoll_wait(set_.native_handle(), events_.data(), static_cast<int>(events_.size()),
                   static_cast<int>(longest.count()));
  Found found = count > 0 ? Found::something : Found::nothing;
  looking_ = true;
  to_come_ = std::span(events_).first(count > 0 ? static_cast<std::size_t>(count) : 0);
  while (!to_come_.empty()) {
    const epoll_event event = to_come_.front();
    to_come_ = to_come_.subspan(1);
    if (event.data.ptr == this) {
      found = Found::interrupted;
    } else if (event.data.ptr != nullptr) {
      take(event.events, *static_cast<Waiter*>(event.data.ptr));
    }
  }
  List called;
  called.swap(called_);
  while (!called.empty()) let_go_on(called.front());
  if (!turns_.empty()) let_go_on(turns_.front());
  looking_ = false;
  return found;
}

void Poller::take(std::uint32_t events, Waiter& waiter) noexcept {
  if ((events & kNews) != 0) waiter.has_news_ = true;
  const What what = waiter.waits_for_;
  // A writer has the kernel look again with each wait, which then tells anew of what does not go
  // away. Only what ends the connection lets him go on.
  const std::uint32_t awaited = what == What::reading   ? EPOLLIN | kNews
                                : what == What::writing ? EPOLLOUT | EPOLLERR | EPOLLHUP
                                                        : 0U;
  if ((events & awaited) != 0) let_go_on(waiter);
}

void Poller::let_go_on(Waiter& waiter) noexcept {
  waiter.unlink();
  waiter.waits_for_ = What::nothing;
  --waiting_;
  waiter.go_on(std::unique_ptr<Waiter>(&waiter));
}

void Poller::wait_for_turn(std::unique_ptr<Waiter> waiter) noexcept {
  waiter->waits_for_ = What::turn;
  ++waiting_;
  turns_.push_back(*waiter.release());
  if (!looking_) interrupt();
}

void Poller::call(Waiter& waiter) noexcept {
  if (waiter.waits_for_ == What::nothing || waiter.is_linked()) return;
  if (called_.empty()) interrupt();
  called_.push_back(waiter);
}

void Poller::forget(const Waiter& waiter) noexcept {
  for (epoll_event& event : to_come_) {
    if (event.data.ptr == &waiter) event.data.ptr = nullptr;
  }
}

void Poller::interrupt() noexcept {
  const std::uint64_t once = 1;
  static_cast<void>(!::write(bell_.get(), &once, sizeof once));
}

void Poller::let_interrupt(int fd) { control(EPOLL_CTL_ADD, fd, EPOLLIN, this); }

}  // namespace cubby::server
