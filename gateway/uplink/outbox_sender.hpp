// Forwards the outbox to the coordinator, in order, until each message is accepted or can never be.
#pragma once

#include "gateway/engine/site.hpp"
#include "gateway/uplink/bell.hpp"
#include "gateway/uplink/link.hpp"

namespace tributary::gateway::uplink {

class OutboxSender {
 public:
  OutboxSender(std::unique_ptr<Alarm> alarm, engine::Site& site, const engine::Clock& clock,
               Link& link)
      : site_(site), clock_(clock), link_(link), bell_(std::move(alarm)) {}

  boost::asio::awaitable<void> run();  // never returns
  void grew() { bell_.ring(); }

 private:
  using Message = storage::Outbox::Message;
  struct Backlog {
    std::vector<Message> due;
    std::uint64_t count;
    std::optional<storage::Milliseconds> oldest;
  };
  storage::Milliseconds now() const { return clock_.wall(); }
  boost::asio::awaitable<Backlog> look();
  boost::asio::awaitable<bool> forward(std::shared_ptr<Message> message);  // false: not reachable

  engine::Site& site_;
  const engine::Clock& clock_;
  Link& link_;
  Bell bell_;
};

}  // namespace tributary::gateway::uplink
