#include "tests/sim/broker.hpp"

#include <algorithm>

namespace tributary::sim {

bool Broker::connect(const std::string& user, Client client) {
  if (!running_ || cut_.contains(user)) return false;
  if (sessions_.contains(user)) drop(user);
  sessions_.emplace(user, Session{std::move(client)});
  return true;
}

void Broker::end(const std::string& user) {
  const auto session = sessions_.find(user);
  if (session == sessions_.end()) return;
  *session->second.life = false;
  sessions_.erase(session);
}

void Broker::disconnect(const std::string& user) {
  end(user);
}

void Broker::drop(const std::string& user) {
  const auto session = sessions_.find(user);
  if (session == sessions_.end()) return;
  auto lost = std::move(session->second.client.lost);
  end(user);
  if (lost) nature_.timeline.after(Span(10), std::move(lost));
}

void Broker::cut(const std::string& user) {
  cut_.insert(user);
  drop(user);
}

void Broker::kill(bool keep_store) {
  nature_.note(name_ + " dies" + (keep_store ? "" : " and forgets"));
  running_ = false;
  std::vector<std::string> users;
  for (const auto& [user, session] : sessions_) users.push_back(user);
  for (const auto& user : users) drop(user);
  if (!keep_store) retained_.clear();
}

// QoS 1: the sender tries again, so that what is lost on the wire is late or double for the receiver; a broker
// that is over its limits drops for good.
Span Broker::arrival(Span& last) {
  Span at = nature_.timeline.now() + nature_.trip();
  if (!nature_.weather.reorder) at = std::max(at, last);
  last = std::max(last, at);
  return at - nature_.timeline.now();
}

bool Broker::publish(const std::string& user, const std::string& topic, const std::string& payload,
                     bool retained) {
  const auto session = sessions_.find(user);
  if (session == sessions_.end()) return false;
  if (nature_.chance.happens(nature_.weather.loss)) return true;
  // Sent is sent: it arrives though its sender is killed meanwhile.
  Packet packet{topic, payload, retained};
  nature_.timeline.after(arrival(session->second.last_in),
                         [this, user, packet] { receive(user, packet); });
  return true;
}

void Broker::receive(const std::string& user, Packet packet) {
  if (!running_ || cut_.contains(user)) return;
  if (!access_.may_write(user, packet.topic)) {
    ++refused_;
    nature_.note(name_ + " refuses " + packet.topic + " of " + user);
    return;
  }
  if (tap && !tap(user, packet.topic, packet.payload)) return;
  if (packet.retained) {
    retained_.erase(packet.topic);
    if (!packet.payload.empty()) retained_[packet.topic] = packet.payload;
  }
  packet.retained = false;
  route(packet);
}

void Broker::inject(const std::string& topic, const std::string& payload) {
  route({topic, payload, false});
}

void Broker::route(const Packet& packet) {
  for (const auto& [user, session] : sessions_) {
    const bool wanted = std::ranges::any_of(session.filters, [&](const std::string& filter) {
      return topic_matches(filter, packet.topic);
    });
    if (wanted && access_.may_read(user, packet.topic)) deliver(user, packet);
  }
}

void Broker::deliver(const std::string& user, Packet packet) {
  auto& session = sessions_.at(user);
  if (nature_.chance.happens(nature_.weather.loss)) return;
  if (on_delivery && !on_delivery(user, packet.topic, packet.payload)) return;
  const int copies = nature_.chance.happens(nature_.weather.duplicate) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    nature_.timeline.after(session.life, arrival(session.last_out), [this, user, packet] {
      const auto message = sessions_.at(user).client.message;
      message(packet.topic, packet.payload, packet.retained);
    });
  }
}

void Broker::subscribe(const std::string& user, const std::string& filter) {
  const auto session = sessions_.find(user);
  if (session == sessions_.end()) return;
  session->second.filters.insert(filter);
  for (const auto& [topic, payload] : retained_) {
    if (!topic_matches(filter, topic) || !access_.may_read(user, topic)) continue;
    deliver(user, {topic, payload, true});
  }
}

void Broker::unsubscribe(const std::string& user, const std::string& filter) {
  const auto session = sessions_.find(user);
  if (session != sessions_.end()) session->second.filters.erase(filter);
}

}  // namespace tributary::sim
