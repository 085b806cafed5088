// Forwards the outbox to the coordinator, in order and one at a time, until each message is accepted or can
// never be. A backlog goes out at 10 to 40 messages a second, so that sites that were cut off together do
// not come back as a herd.
#pragma once

#include "gateway/engine/site.hpp"
#include "gateway/uplink/bell.hpp"
#include "gateway/uplink/link.hpp"

namespace tributary::gateway::uplink {

class OutboxSender {
 public:
  // `bell`: for new messages; `pace`: between two of a backlog.
  OutboxSender(std::unique_ptr<Alarm> bell, std::unique_ptr<Alarm> pace, engine::Site& site,
               const engine::Clock& clock, Link& link)
      : site_(site), clock_(clock), link_(link), bell_(std::move(bell)), pace_(std::move(pace)) {}

  boost::asio::awaitable<void> run();  // never returns
  void grew() { bell_.ring(); }

 private:
  using Message = storage::Outbox::Message;
  struct Backlog {
    std::vector<Message> due;
    storage::Outbox::Size size;
    std::optional<storage::Milliseconds> oldest;
    std::optional<storage::Milliseconds> next_attempt;
  };
  storage::Milliseconds now() const { return clock_.wall(); }
  boost::asio::awaitable<Backlog> look();
  std::chrono::milliseconds until_next(const Backlog& backlog) const;
  void postpone(std::shared_ptr<Message> message, const HttpAnswer& answer);
  boost::asio::awaitable<bool> forward(std::shared_ptr<Message> message);  // false: not reachable

  engine::Site& site_;
  const engine::Clock& clock_;
  Link& link_;
  Bell bell_;
  Bell pace_;
};

}  // namespace tributary::gateway::uplink
