// The gateway's session with its site's broker: the only user of Paho.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "crypto/secret.hpp"

namespace tributary::gateway::mqtt {

using BrokerPsk = crypto::Secret<struct BrokerPskTag, 32>;

struct BrokerOptions {
  std::string host;
  std::uint16_t port;
  std::string identity = "gateway";  // PSK identity, which the broker makes user name and client id
  BrokerPsk psk;
  std::size_t inbox_bytes;  // messages that wait for the io_context; what comes beyond is dropped
};

// What is heard from the broker, on the io_context thread.
struct BrokerListener {
  // Views are valid during the call.
  std::function<void(std::string_view topic, std::string_view payload, bool retained)> message;
  std::function<void()> connected;                           // also after every reconnect
  std::function<void(const std::string& why)> disconnected;  // also for each failed attempt
};

// Belongs to the io_context thread. Connects, and connects again with backoff and jitter, until it
// is destroyed. Messages are QoS 1 both ways; a session is clean, so that after connected() everything
// retained is to be published again.
class BrokerSession {
 public:
  BrokerSession(boost::asio::io_context& io, BrokerOptions options, BrokerListener listener);
  ~BrokerSession();
  BrokerSession(const BrokerSession&) = delete;
  BrokerSession& operator=(const BrokerSession&) = delete;

  void start();
  bool connected() const;
  void subscribe(const std::string& filter);
  void unsubscribe(const std::string& filter);

  // To one device, before anything that waits in publish_retained(). Dropped when there is no
  // connection or too much waits: the device asks again.
  void publish(std::string topic, std::string payload);
  // In order, at the pace of the broker. Forgotten when the connection is lost.
  void publish_retained(std::string topic, std::string payload);

  std::size_t inbox_bytes() const;
  std::uint64_t dropped() const;  // messages that found the inbox full

 private:
  class Paho;
  std::shared_ptr<Paho> paho_;
};

}  // namespace tributary::gateway::mqtt
