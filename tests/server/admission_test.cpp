#include "server/admission.hpp"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace cubby::server {
namespace {

IpAddress ipv4(std::uint8_t last) {
  return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, last};
}

// From the network 2001:db8:0:<network>::/64.
IpAddress ipv6(std::uint8_t network, std::uint8_t host) {
  return {0x20, 1, 0x0d, 0xb8, 0, 0, 0, network, 0, 0, 0, 0, 0, 0, 0, host};
}

class AdmissionTest : public testing::Test {
 protected:
  // Admits, and keeps the place; true when it is to be served.
  bool served(Admission& admission, const IpAddress& from = ipv4(1)) {
    auto place = admission.admit(from);
    if (!place) return false;
    places_.push_back(std::move(*place));
    return !places_.back().turned_away();
  }

  Admission limited_{{.max_connections = 2}};
  Admission per_ip_{{.max_connections_per_ip = 2}};
  std::vector<Admission::Place> places_;
};

TEST_F(AdmissionTest, WithoutLimitsEverybodyMayCome) {
  Admission open({});
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(served(open));
  EXPECT_FALSE(open.full());
  EXPECT_EQ(open.turned_away(), 0U);
  places_.clear();
}

TEST_F(AdmissionTest, TheOneBeyondTheLimitIsTurnedAway) {
  EXPECT_TRUE(served(limited_));
  EXPECT_FALSE(limited_.full());
  EXPECT_TRUE(served(limited_));
  EXPECT_TRUE(limited_.full());
  EXPECT_FALSE(served(limited_));
  EXPECT_EQ(limited_.turned_away(), 1U);
}

TEST_F(AdmissionTest, APlaceThatIsLeftIsFree) {
  served(limited_);
  served(limited_);
  places_.pop_back();
  EXPECT_TRUE(served(limited_));
  EXPECT_FALSE(served(limited_));
}

TEST_F(AdmissionTest, OnlySoManyAreTurnedAwayAtOnce) {
  served(limited_);
  served(limited_);
  for (std::size_t i = 0; i < kMostTurnedAway; ++i) {
    ASSERT_TRUE(limited_.has_place());
    served(limited_);
  }
  EXPECT_FALSE(limited_.has_place());
  EXPECT_FALSE(limited_.admit(ipv4(1)));
  EXPECT_EQ(limited_.turned_away(), kMostTurnedAway + 1);
  places_.pop_back();
  EXPECT_TRUE(limited_.has_place());
  EXPECT_TRUE(limited_.admit(ipv4(1)));
}

TEST_F(AdmissionTest, EachAddressHasItsLimit) {
  EXPECT_TRUE(served(per_ip_, ipv4(1)));
  EXPECT_TRUE(served(per_ip_, ipv4(1)));
  EXPECT_FALSE(served(per_ip_, ipv4(1)));
  EXPECT_TRUE(served(per_ip_, ipv4(2)));
  EXPECT_FALSE(per_ip_.full());
  places_.erase(places_.begin());
  EXPECT_TRUE(served(per_ip_, ipv4(1)));
  EXPECT_FALSE(served(per_ip_, ipv4(1)));
}

TEST_F(AdmissionTest, OfIpv6TheNetworkCounts) {
  EXPECT_TRUE(served(per_ip_, ipv6(1, 1)));
  EXPECT_TRUE(served(per_ip_, ipv6(1, 2)));
  EXPECT_FALSE(served(per_ip_, ipv6(1, 3)));
  EXPECT_TRUE(served(per_ip_, ipv6(2, 3)));
}

TEST_F(AdmissionTest, PlacesMayBeLeftInAnyThread) {
  Admission admission({.max_connections = 100, .max_connections_per_ip = 50});
  std::vector<std::thread> threads;
  for (int i = 0; i < 1000; ++i) {
    auto place = admission.admit(ipv4(static_cast<std::uint8_t>(i % 2)));
    if (place) threads.emplace_back([place = std::move(*place)] {});
  }
  for (auto& thread : threads) thread.join();
  threads.clear();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(served(admission, ipv4(i < 50 ? 0 : 1)));
  EXPECT_FALSE(served(admission, ipv4(2)));
  places_.clear();
}

}  // namespace
}  // namespace cubby::server
