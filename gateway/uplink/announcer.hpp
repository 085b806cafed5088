// Tells the coordinator this gateway's keys and roster, whenever they change and whenever it comes back.
#pragma once

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
    bell_.ring();
  }

 private:
  boost::asio::awaitable<bool> announce();  // false: try again
  boost::asio::awaitable<bool> put(std::string target, std::string body);

  engine::Site& site_;
  Link& link_;
  Bell bell_;
  std::string keys_;  // as accepted
  Hash roster_{};     // as accepted
};

}  // namespace tributary::gateway::uplink
