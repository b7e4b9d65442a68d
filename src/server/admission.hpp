// Who may connect: how many at once, in all and from one address.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/mutex.hpp"
#include "server/socket_io.hpp"

namespace cubby::server {

struct AdmissionOptions {
  // 0 sets no limit.
  std::size_t max_connections = 0;
  // From one IPv4 address, or one IPv6 network of 64 bits, of which a host commonly has all.
  std::size_t max_connections_per_ip = 0;
};

// How many connections beyond the limits may be open at once to be told so. They take descriptors,
// too.
inline constexpr std::size_t kMostTurnedAway = 32;

// Thread safety: all member functions, and those of the places, may be called from any thread, but
// only one may admit().
class Admission {
 public:
  // Keeps a place taken for as long as it lives. Must not outlive the Admission.
  class Place {
   public:
    Place(Place&& other) noexcept
        : admission_(std::exchange(other.admission_, nullptr)),
          from_(other.from_),
          turned_away_(other.turned_away_) {}
    Place& operator=(Place other) noexcept {
      std::swap(admission_, other.admission_);
      std::swap(from_, other.from_);
      std::swap(turned_away_, other.turned_away_);
      return *this;
    }
    ~Place() {
      if (admission_ != nullptr) admission_->leave(*this);
    }

    // There was one too many: tell it, and close.
    bool turned_away() const noexcept { return turned_away_; }

   private:
    friend class Admission;
    Place(Admission& admission, const IpAddress& from, bool turned_away) noexcept
        : admission_(&admission), from_(from), turned_away_(turned_away) {}

    Admission* admission_;
    IpAddress from_;
    bool turned_away_;
  };

  explicit Admission(const AdmissionOptions& options) : options_(options) {}

  // max_connections are open, so that whoever comes is turned away.
  bool full() const noexcept;

  // Whether there is a place for one more, if only to be turned away.
  bool has_place() const noexcept;

  // A place for a connection; nothing when it should be closed without a word, because too many are
  // being turned away. Throws std::bad_alloc.
  std::optional<Place> admit(const IpAddress& from);

  // How many were not served, since the beginning.
  std::uint64_t turned_away() const noexcept {
    return turned_away_in_all_.load(std::memory_order_relaxed);
  }

 private:
  struct Hash {
    std::size_t operator()(const IpAddress& address) const noexcept {
      return std::hash<std::string_view>()(
          {reinterpret_cast<const char*>(address.data()), address.size()});
    }
  };

  bool enter(const IpAddress& from);
  void leave(const Place& place) noexcept;

  const AdmissionOptions options_;
  std::atomic<std::size_t> served_{0};
  std::atomic<std::size_t> turned_away_{0};
  std::atomic<std::uint64_t> turned_away_in_all_{0};
  Mutex mutex_;
  // Of those that are served.
  std::unordered_map<IpAddress, std::size_t, Hash> per_ip_ CUBBY_GUARDED_BY(mutex_);
};

}  // namespace cubby::server
