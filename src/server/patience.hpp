// How long a peer may take for what it is to do next.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "server/deadlines.hpp"

namespace cubby::server {

// All times are at least so long, and at most two ticks of the server's timer longer.
struct PatienceOptions {
  // From the first byte of a request's head to its last.
  std::chrono::milliseconds header_timeout{10'000};
  // From the end of the head to the end of the body, and kTimePerMiB for every MiB of the body.
  std::chrono::milliseconds body_timeout{30'000};
  // From the last reply, or the beginning of the connection, to the next request's first byte.
  std::chrono::milliseconds idle_timeout{75'000};
  // How long a peer may read too little of what it has been sent; see min_rate.
  std::chrono::milliseconds send_timeout{10'000};
  // Bytes a second: what a body must arrive at on average, once it has taken kRateGrace; and what
  // replies must be read at, looked at every send_timeout, unless they are read whole. At 0 any
  // progress will do.
  std::size_t min_rate = 500;
};

inline constexpr std::chrono::seconds kTimePerMiB{1};
inline constexpr std::chrono::seconds kRateGrace{10};

// While a peer that was refused is listened to, so that it can read why: at least this long (the
// server's timer is coarse) and at most this much.
inline constexpr std::chrono::seconds kLingerTime{1};
inline constexpr std::size_t kLingerBytes = std::size_t{16} << 20;

// What may be left to the kernel to deliver when a connection is closed. For more than that the
// peer is waited for, or it could have the kernel hold as much as it likes, at no place of its own.
inline constexpr std::size_t kMostLeftToKernelBytes = std::size_t{16} << 10;

// What a peer is to do next.
enum class Awaited : std::uint8_t {
  request,   // begin a request, if it likes
  head,      // send the rest of a head
  body,      // send the rest of a body
  reading,   // read replies, before it is read from again
  farewell,  // read the last reply, which is all that it is there for, and close
};

// Keeps the time for one connection, of a peer that may do its best to take for ever. So head and
// body have deadlines that no progress puts off.
//
// Thread safety: none.
class Patience {
 public:
  enum class Verdict : std::uint8_t {
    go_on,    // until due()
    idle,     // nothing has begun, and nothing is owed
    slow,     // the request does not arrive in time
    stalled,  // the peer does not read
    over,     // it has had its time to read the last reply
  };

  // What is known of the connection when it is to be judged, in bytes.
  struct Figures {
    std::uint64_t announced = 0;  // of the body in progress, so far
    std::uint64_t received = 0;   // of that
    std::uint64_t sent = 0;       // to the peer, since the beginning
    std::uint64_t read = 0;       // of that, what it has acknowledged

    bool all_read() const noexcept { return read == sent; }
  };

  // `options` must outlive it.
  Patience(const PatienceOptions& options, Time now) noexcept
      : options_(&options), since_(now), looked_(now) {}

  // Whether this is what the peer was to do already. `request` tells one request from the next.
  bool awaits(Awaited what, std::uint32_t request) const noexcept {
    return awaited_ == what && request_ == request;
  }

  // From now on the peer is to do this.
  void await(Awaited what, std::uint32_t request, Time now) noexcept;

  // From now on it is to read.
  void await_reading(std::uint32_t request, Time now, const Figures& figures) noexcept;

  // The peer could not send its body, because it was not read from, until now.
  void forgive(Time now, std::uint64_t received) noexcept;

  // When it is to be judged next. Of `figures`, those of the body matter.
  Time due(const Figures& figures) const noexcept;

  // May change what due() says.
  Verdict judge(const Figures& figures, Time now) noexcept;

 private:
  Time body_end(const Figures& figures) const noexcept;
  Time rate_end(const Figures& figures) const noexcept;
  void look(const Figures& figures, Time now) noexcept;
  bool reads(const Figures& figures) const noexcept;

  const PatienceOptions* options_;
  Awaited awaited_ = Awaited::request;
  bool all_read_ = false;  // while a request is awaited, as far as is known
  std::uint32_t request_ = 0;
  Time since_;
  // Of a body: since when its rate counts, and what had been received then.
  Time rate_since_{0};
  std::uint64_t received_ = 0;
  // What had been sent and read when it was looked last whether the peer reads.
  Time looked_;
  std::uint64_t sent_ = 0;
  std::uint64_t read_ = 0;
};

}  // namespace cubby::server
