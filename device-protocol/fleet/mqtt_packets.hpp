// The device library's MQTT 3.1.1 codec as C++ values: packets to send as strings, packets received
// as a variant.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "tributary/mqtt.h"

namespace tributary::fleet {

// Clean session; user name = client id = `identity`, no password: the broker takes it from TLS.
std::string connect_packet(const std::string& identity, std::uint16_t keep_alive_seconds);
// What the broker is to retain when the connection is lost; no topic: nothing.
struct LastWill {
  std::string topic;
  std::vector<std::uint8_t> payload;
};
std::string connect_packet(const std::string& identity, std::uint16_t keep_alive_seconds,
                           const LastWill& will);
// Sets the retain flag of a publish_packet.
std::string retained(std::string packet);
// QoS 1, not retained. Packet ids are not 0. Topics are at most 128 bytes, as the protocol's are.
std::string publish_packet(const std::string& topic, std::span<const std::uint8_t> payload,
                           std::uint16_t packet_id);
std::string subscribe_packet(const std::string& topic, std::uint16_t packet_id);
std::string unsubscribe_packet(const std::string& topic, std::uint16_t packet_id);
std::string acknowledge_packet(std::uint16_t packet_id);
std::string ping_packet();
std::string disconnect_packet();

struct ConnectAnswer {
  std::uint8_t code;  // 0: accepted
};
struct IncomingPublish {
  std::string topic;
  std::vector<std::uint8_t> payload;
  std::uint16_t packet_id;  // 0 at QoS 0
};
struct OtherAnswer {};  // acknowledgements of ours, ping answers
using MqttPacket = std::variant<ConnectAnswer, IncomingPublish, OtherAnswer>;

// Cuts a byte stream into packets of at most the protocol's largest message.
class PacketReader {
 public:
  PacketReader();
  // `bytes` stay valid until next() gave nullopt.
  void feed(std::span<const std::uint8_t> bytes) { rest_ = bytes; }
  // The next whole packet, or nullopt: more bytes are needed, or the stream is broken().
  std::optional<MqttPacket> next();
  // The stream is not MQTT or a packet is larger than allowed; nothing can follow.
  bool broken() const { return broken_; }

 private:
  std::unique_ptr<unsigned char[]> buffer_;
  trib_mqtt_reader reader_{};
  std::span<const std::uint8_t> rest_;
  bool broken_ = false;
};

}  // namespace tributary::fleet
