// One device's MQTT 3.1.1 session over its own TLS-PSK connection: connects, answers pings and
// acknowledgements, hands messages up and sends packets in order. It does not reconnect.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "device-protocol/fleet/broker_tls.hpp"
#include "device-protocol/fleet/mqtt_packets.hpp"

namespace tributary::fleet {

struct BrokerAddress {
  std::string host;
  std::string port;
};

struct BrokerMessage {
  std::string topic;
  std::vector<std::uint8_t> payload;
};

// Called on the I/O thread; must only post. None is called after `closed`, nor after abort() or
// close() returned to the I/O thread.
struct SessionEvents {
  std::function<void()> connected;             // the broker accepted us
  std::function<void(BrokerMessage)> message;  // each is to be answered with taken()
  std::function<void(std::string)> closed;     // refused or lost, and why
};

// The io_context has one thread, which does all work of the session; publish, subscribe, taken,
// abort and close may be called from any thread.
class BrokerSession : public std::enable_shared_from_this<BrokerSession> {
 public:
  static std::shared_ptr<BrokerSession> open(boost::asio::io_context& io,
                                             boost::asio::ssl::context& tls,
                                             const BrokerAddress& address,
                                             const BrokerCredential& credential,
                                             SessionEvents events, LastWill will = {});

  // At QoS 1, not retained. False, and nothing sent, before `connected`, after the end and while
  // too many bytes wait for the network.
  bool publish(const std::string& topic, std::span<const std::uint8_t> payload);
  bool publish_retained(const std::string& topic, std::span<const std::uint8_t> payload);
  bool subscribe(const std::string& topic);
  bool unsubscribe(const std::string& topic);

  // One message was worked on. Reading pauses while many were not.
  void taken();
  // Cuts the connection as a power cut would: no DISCONNECT, no TLS goodbye.
  void abort();
  // Says DISCONNECT and closes.
  void close();

 private:
  BrokerSession(boost::asio::io_context& io, boost::asio::ssl::context& tls,
                const BrokerAddress& address, const BrokerCredential& credential,
                SessionEvents events, LastWill will);
  void resolve();
  void connect(const boost::asio::ip::tcp::resolver::results_type& endpoints);
  void handshake();
  void read();
  // False when the session ended meanwhile.
  bool digest(std::span<const std::uint8_t> bytes);
  bool on_packet(MqttPacket packet);
  bool enqueue(std::string packet);
  std::uint16_t next_packet_id();
  void write();
  void keep_alive();
  void end(const std::string& why);
  void cut();

  boost::asio::io_context& io_;
  boost::asio::ip::tcp::resolver resolver_;
  TlsStream stream_;
  boost::asio::steady_timer timer_;
  const BrokerAddress address_;
  const BrokerCredential credential_;
  SessionEvents events_;
  const LastWill will_;
  PacketReader reader_;
  std::array<std::uint8_t, 16384> piece_{};
  std::deque<std::string> outgoing_;
  bool writing_ = false;
  bool closing_ = false;
  bool paused_ = false;
  bool ended_ = false;
  std::size_t untaken_ = 0;
  std::atomic<std::uint16_t> last_id_{0};
  std::atomic<std::size_t> waiting_bytes_{0};
  std::atomic<bool> up_{false};
};

}  // namespace tributary::fleet
