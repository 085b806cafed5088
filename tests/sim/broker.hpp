// A site's MQTT broker in memory: sessions, retained messages, QoS 1 with its duplicates, the access list
// as shipped. Dies and comes back with or without what it had stored.
#pragma once

#include <map>
#include <set>

#include "tests/sim/access_list.hpp"
#include "tests/sim/nature.hpp"

namespace tributary::sim {

class Broker {
 public:
  // What a client hears; views are valid during the call.
  struct Client {
    std::function<void(std::string_view topic, std::string_view payload, bool retained)> message;
    std::function<void()> lost;  // the connection ended, not by the client
  };
  Broker(Nature& nature, std::string name) : nature_(nature), name_(std::move(name)) {}

  // `user`: proven by its pre-shared key; also the client id, so that an older session of it ends. False: no
  // connection can be made now.
  bool connect(const std::string& user, Client client);
  void disconnect(const std::string& user);
  bool connected(const std::string& user) const { return sessions_.contains(user); }
  void subscribe(const std::string& user, const std::string& filter);
  void unsubscribe(const std::string& user, const std::string& filter);
  // False: there is no connection.
  bool publish(const std::string& user, const std::string& topic, const std::string& payload,
               bool retained = false);

  void kill(bool keep_store);
  void start() { running_ = true; }
  void drop(const std::string& user);  // the connection breaks
  void cut(const std::string& user);   // and cannot be made again
  void mend(const std::string& user) { cut_.erase(user); }

  // ---- for attackers who own the broker
  // Sees every message that comes in, may change it; false: swallows it.
  std::function<bool(const std::string& user, const std::string& topic, std::string& payload)> tap;
  // Sees every message that goes out, to each receiver its own; false: not delivered.
  std::function<bool(const std::string& user, const std::string& topic, std::string& payload)>
      on_delivery;
  void inject(const std::string& topic, const std::string& payload);  // to whoever listens

  const std::map<std::string, std::string>& retained() const { return retained_; }
  std::uint64_t refused() const { return refused_; }  // by the access list

 private:
  struct Session {
    Client client;
    Life life = new_life();
    std::set<std::string> filters = {};
    Span last_in{0};
    Span last_out{0};
  };
  struct Packet {
    std::string topic;
    std::string payload;
    bool retained;
  };
  void end(const std::string& user);
  void receive(const std::string& user, Packet packet);
  void route(const Packet& packet);
  void deliver(const std::string& user, Packet packet);
  Span arrival(Span& last);

  Nature& nature_;
  std::string name_;
  AccessList access_ = AccessList::shipped();
  std::map<std::string, Session> sessions_;
  std::map<std::string, std::string> retained_;
  std::set<std::string> cut_;
  bool running_ = true;
  std::uint64_t refused_ = 0;
};

}  // namespace tributary::sim
