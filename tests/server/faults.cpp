#include "server/faults.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <new>

#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>

namespace cubby::test {
namespace {

std::atomic<FaultKind> kind{FaultKind::first_error};
std::atomic<bool> counting{false};
std::atomic<std::size_t> calls_left{0};  // until the one that fails, that one included
std::atomic<const char*> failed{nullptr};
thread_local bool counted_thread = true;

// Whether this call is to fail.
bool is_due(const char* function) noexcept {
  if (!counting || !counted_thread || calls_left == 0) return false;
  if (calls_left.fetch_sub(1) != 1) return false;
  failed = function;
  return true;
}

struct Errors {
  int first = 0;
  int second = 0;
  bool interruptible = false;  // what the caller promises to try again
};

// What a call is to fail with; 0 when it is not to fail.
int due_error(const char* function, const Errors& errors) noexcept {
  int error = 0;
  switch (kind.load()) {
    case FaultKind::first_error:
      error = errors.first;
      break;
    case FaultKind::second_error:
      error = errors.second;
      break;
    case FaultKind::interrupted:
      error = errors.interruptible ? EINTR : 0;
      break;
    case FaultKind::no_memory:
      break;
  }
  return error != 0 && is_due(function) ? error : 0;
}

// Whether a transfer is to move one byte only.
bool is_short(const char* function, std::size_t bytes) noexcept {
  return kind == FaultKind::interrupted && bytes > 1 && is_due(function);
}

bool lacks_memory(const char* function) noexcept {
  return kind == FaultKind::no_memory && is_due(function);
}

}  // namespace

void set_fault(FaultKind of_kind, std::size_t n) {
  kind = of_kind;
  calls_left = n;
  failed = nullptr;
  counting = true;
}

void pause_faults(bool paused) { counting = !paused; }

std::string end_faults() {
  counting = false;
  const char* const function = failed;
  return function == nullptr ? "" : function;
}

bool fault_has_come() { return failed != nullptr; }

void count_this_thread(bool counts) { counted_thread = counts; }

}  // namespace cubby::test

using cubby::test::due_error;
using cubby::test::is_short;
using cubby::test::lacks_memory;

namespace {

template <class Result>
Result fails(int error, Result result) noexcept {
  errno = error;
  return result;
}

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names.
extern "C" {

int __real_accept4(int, sockaddr*, socklen_t*, int);
int __wrap_accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
  if (const int error = due_error("accept4", {EMFILE, ECONNABORTED, true})) {
    return fails(error, -1);
  }
  return __real_accept4(fd, address, size, flags);
}

int __real_bind(int, const sockaddr*, socklen_t);
int __wrap_bind(int fd, const sockaddr* address, socklen_t size) {
  if (const int error = due_error("bind", {EADDRINUSE, EACCES})) return fails(error, -1);
  return __real_bind(fd, address, size);
}

// The descriptor is gone whatever close() says (close(2)).
int __real_close(int);
int __wrap_close(int fd) {
  const int result = __real_close(fd);
  const int error = due_error("close", {EIO, ENOSPC});
  return error != 0 ? fails(error, -1) : result;
}

int __real_epoll_create1(int);
int __wrap_epoll_create1(int flags) {
  if (const int error = due_error("epoll_create1", {EMFILE, ENOMEM})) return fails(error, -1);
  return __real_epoll_create1(flags);
}

// To change what is registered already takes no memory and cannot fail (nor does Asio look).
int __real_epoll_ctl(int, int, int, epoll_event*);
int __wrap_epoll_ctl(int epoll, int operation, int fd, epoll_event* event) {
  if (operation != EPOLL_CTL_MOD) {
    if (const int error = due_error("epoll_ctl", {ENOMEM, ENOSPC})) return fails(error, -1);
  }
  return __real_epoll_ctl(epoll, operation, fd, event);
}

int __real_epoll_wait(int, epoll_event*, int, int);
int __wrap_epoll_wait(int epoll, epoll_event* events, int most, int timeout) {
  if (const int error = due_error("epoll_wait", {0, 0, true})) return fails(error, -1);
  return __real_epoll_wait(epoll, events, most, timeout);
}

int __real_eventfd(unsigned, int);
int __wrap_eventfd(unsigned value, int flags) {
  if (const int error = due_error("eventfd", {EMFILE, ENOMEM})) return fails(error, -1);
  return __real_eventfd(value, flags);
}

int __real_pipe(int*);
int __wrap_pipe(int* ends) {
  if (const int error = due_error("pipe", {EMFILE, ENFILE})) return fails(error, -1);
  return __real_pipe(ends);
}

int __real_getsockname(int, sockaddr*, socklen_t*);
int __wrap_getsockname(int fd, sockaddr* address, socklen_t* size) {
  if (const int error = due_error("getsockname", {ENOBUFS, ENOMEM})) return fails(error, -1);
  return __real_getsockname(fd, address, size);
}

int __real_ioctl(int, unsigned long, void*);
int __wrap_ioctl(int fd, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  if (const int error = due_error("ioctl", {ENOMEM, EBADF})) return fails(error, -1);
  return __real_ioctl(fd, request, argument);
}

int __real_listen(int, int);
int __wrap_listen(int fd, int backlog) {
  if (const int error = due_error("listen", {EADDRINUSE, ENOMEM})) return fails(error, -1);
  return __real_listen(fd, backlog);
}

int __real_open(const char*, int, mode_t);
int __wrap_open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = static_cast<mode_t>(va_arg(arguments, int));
  va_end(arguments);
  if (const int error = due_error("open", {EMFILE, ENOENT})) return fails(error, -1);
  return __real_open(path, flags, mode);
}

ssize_t __real_read(int, void*, std::size_t);
ssize_t __wrap_read(int fd, void* buffer, std::size_t size) {
  if (const int error = due_error("read", {EIO, EAGAIN})) return fails(error, -1);
  return __real_read(fd, buffer, size);
}

ssize_t __real_recv(int, void*, std::size_t, int);
ssize_t __wrap_recv(int fd, void* buffer, std::size_t size, int flags) {
  if (const int error = due_error("recv", {ECONNRESET, ETIMEDOUT, true})) {
    return fails(error, ssize_t{-1});
  }
  return __real_recv(fd, buffer, is_short("recv", size) ? 1 : size, flags);
}

ssize_t __real_send(int, const void*, std::size_t, int);
ssize_t __wrap_send(int fd, const void* bytes, std::size_t size, int flags) {
  if (const int error = due_error("send", {EPIPE, EAGAIN, true})) return fails(error, ssize_t{-1});
  return __real_send(fd, bytes, is_short("send", size) ? 1 : size, flags);
}

ssize_t __real_sendmsg(int, const msghdr*, int);
ssize_t __wrap_sendmsg(int fd, const msghdr* message, int flags) {
  if (const int error = due_error("sendmsg", {ECONNRESET, ENOBUFS, true})) {
    return fails(error, ssize_t{-1});
  }
  if (!is_short("sendmsg", message->msg_iov->iov_len)) return __real_sendmsg(fd, message, flags);
  iovec one{message->msg_iov->iov_base, 1};
  msghdr shorter = *message;
  shorter.msg_iov = &one;
  shorter.msg_iovlen = 1;
  return __real_sendmsg(fd, &shorter, flags);
}

int __real_setsockopt(int, int, int, const void*, socklen_t);
int __wrap_setsockopt(int fd, int level, int name, const void* value, socklen_t size) {
  if (const int error = due_error("setsockopt", {ENOMEM, EINVAL})) return fails(error, -1);
  return __real_setsockopt(fd, level, name, value, size);
}

int __real_shutdown(int, int);
int __wrap_shutdown(int fd, int how) {
  if (const int error = due_error("shutdown", {ENOTCONN, ENOBUFS})) return fails(error, -1);
  return __real_shutdown(fd, how);
}

int __real_socket(int, int, int);
int __wrap_socket(int domain, int type, int protocol) {
  if (const int error = due_error("socket", {EMFILE, EAFNOSUPPORT})) return fails(error, -1);
  return __real_socket(domain, type, protocol);
}

int __real_timerfd_create(int, int);
int __wrap_timerfd_create(int clock, int flags) {
  if (const int error = due_error("timerfd_create", {EMFILE, ENOMEM})) return fails(error, -1);
  return __real_timerfd_create(clock, flags);
}

ssize_t __real_write(int, const void*, std::size_t);
ssize_t __wrap_write(int fd, const void* bytes, std::size_t size) {
  if (const int error = due_error("write", {EAGAIN, EIO})) return fails(error, ssize_t{-1});
  return __real_write(fd, bytes, size);
}

void* __real_aligned_alloc(std::size_t, std::size_t);
void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size) {
  if (lacks_memory("aligned_alloc")) return nullptr;
  return __real_aligned_alloc(alignment, size);
}

void* __real_mmap(void*, std::size_t, int, int, int, off_t);
void* __wrap_mmap(void* address, std::size_t size, int protection, int flags, int fd,
                  off_t offset) {
  if (lacks_memory("mmap")) return fails(ENOMEM, MAP_FAILED);
  return __real_mmap(address, size, protection, flags, fd, offset);
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)

void* operator new(std::size_t size) {
  void* const memory = lacks_memory("operator new") ? nullptr : std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void* operator new[](std::size_t size) { return operator new(size); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
