// Requests that wait for a change of their gateway's work.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>

#include "crypto/bytes.hpp"

namespace tributary::cloud::server {

// Of the owner's thread.
class WaitingRoom {
 public:
  // Wakes those who wait for this gateway.
  void wake(const GatewayId& gateway) {
    const auto [first, last] = timers_.equal_range(gateway);
    for (auto entry = first; entry != last; ++entry) entry->second->cancel();
  }
  void wake_all() {
    for (auto& [gateway, timer] : timers_) timer->cancel();
  }

  // Registers a timer while it lives.
  class Seat {
   public:
    Seat(WaitingRoom& room, const GatewayId& gateway, boost::asio::steady_timer& timer)
        : room_(room), entry_(room.timers_.emplace(gateway, &timer)) {}
    ~Seat() { room_.timers_.erase(entry_); }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;

   private:
    WaitingRoom& room_;
    std::multimap<GatewayId, boost::asio::steady_timer*>::iterator entry_;
  };

 private:
  std::multimap<GatewayId, boost::asio::steady_timer*> timers_;
};

}  // namespace tributary::cloud::server
