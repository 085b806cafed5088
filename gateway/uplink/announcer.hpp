// Tells the coordinator this gateway's keys, roster and groups' readiness, whenever they change and whenever it
// comes back.
#pragma once

#include <map>

#include "gateway/engine/site.hpp"
#include "gateway/uplink/bell.hpp"
#include "gateway/uplink/link.hpp"

namespace tributary::gateway::uplink {

class Announcer {
 public:
  Announcer(std::unique_ptr<Alarm> alarm, engine::Site& site, Link& link)
      : site_(site), link_(link), bell_(std::move(alarm)) {}

  boost::asio::awaitable<void> run();  // never returns
  void changed() { bell_.ring(); }
  // The coordinator may have forgotten: say everything again.
  void again() {
    keys_.clear();
    roster_ = {};
    readiness_.clear();
    bell_.ring();
  }

 private:
  boost::asio::awaitable<bool> announce();  // false: try again
  boost::asio::awaitable<bool> announce_readiness();
  boost::asio::awaitable<bool> put(std::string target, std::string body);

  engine::Site& site_;
  Link& link_;
  Bell bell_;
  std::string keys_;                       // as accepted
  Hash roster_{};                          // as accepted
  std::map<Hash, std::string> readiness_;  // as accepted, or refused for good
};

}  // namespace tributary::gateway::uplink
