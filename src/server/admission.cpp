#include "server/admission.hpp"

#include <algorithm>

namespace cubby::server {
namespace {

constexpr IpAddress kMappedIpv4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr auto kMappedPrefixBytes = 12;
constexpr auto kNetworkBytes = 8;

// What connections from one place have in common.
IpAddress network_of(IpAddress address) noexcept {
  if (!std::equal(address.begin(), address.begin() + kMappedPrefixBytes, kMappedIpv4.begin())) {
    std::fill(address.begin() + kNetworkBytes, address.end(), 0);
  }
  return address;
}

}  // namespace

bool Admission::full() const noexcept {
  return options_.max_connections != 0 &&
         served_.load(std::memory_order_relaxed) >= options_.max_connections;
}

bool Admission::has_place() const noexcept {
  return !full() || turned_away_.load(std::memory_order_relaxed) < kMostTurnedAway;
}

std::optional<Admission::Place> Admission::admit(const IpAddress& from) {
  const IpAddress network = network_of(from);
  if (!full() && enter(network)) {
    served_.fetch_add(1, std::memory_order_relaxed);
    return Place(*this, network, false);
  }
  turned_away_in_all_.fetch_add(1, std::memory_order_relaxed);
  if (turned_away_.load(std::memory_order_relaxed) >= kMostTurnedAway) return std::nullopt;
  turned_away_.fetch_add(1, std::memory_order_relaxed);
  return Place(*this, network, true);
}

bool Admission::enter(const IpAddress& from) {
  if (options_.max_connections_per_ip == 0) return true;
  const MutexLock lock(mutex_);
  std::size_t& count = per_ip_[from];
  if (count >= options_.max_connections_per_ip) return false;
  ++count;
  return true;
}

void Admission::leave(const Place& place) noexcept {
  if (place.turned_away()) {
    turned_away_.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  served_.fetch_sub(1, std::memory_order_relaxed);
  if (options_.max_connections_per_ip == 0) return;
  const MutexLock lock(mutex_);
  const auto at = per_ip_.find(place.from_);
  if (--at->second == 0) per_ip_.erase(at);
}

}  // namespace cubby::server
