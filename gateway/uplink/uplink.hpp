// The conversations with the coordinator: announcements, work, outbox, helper errands. Each is a loop
// of its own that survives every failure; level-triggered, so that nothing depends on a message seen once.
#pragma once

#include "gateway/uplink/announcer.hpp"
#include "gateway/uplink/helper_errands.hpp"
#include "gateway/uplink/outbox_sender.hpp"
#include "gateway/uplink/work_poll.hpp"

namespace tributary::gateway::uplink {

// Belongs to the io_context thread; ends with the io_context. Its waits are `make_alarm`'s.
class Uplink {
 public:
  Uplink(boost::asio::io_context& io, const MakeAlarm& make_alarm, engine::Site& site,
         const engine::Clock& clock, Http http, Metrics& metrics, engine::Log log);

  void start();
  void outbox_grew() { outbox_.grew(); }
  void announcement_changed() { announcer_.changed(); }
  bool reachable() const { return link_.reachable(); }
  const std::string& fault() const { return link_.fault(); }

 private:
  boost::asio::io_context& io_;
  Link link_;
  Announcer announcer_;
  HelperErrands errands_;
  WorkPoll work_;
  OutboxSender outbox_;
};

}  // namespace tributary::gateway::uplink
