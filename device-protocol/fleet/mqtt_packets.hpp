// The device library's MQTT 3.1.1 codec as C++ values: packets to send as strings, packets received
// as a variant.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tributary::fleet {

// Clean session; user name = client id = `identity`, no password: the broker takes it from TLS.
std::string connect_packet(std::string_view identity, std::uint16_t keep_alive_seconds);
// QoS 1, not retained. Packet ids are not 0.
std::string publish_packet(std::string_view topic, std::span<const std::uint8_t> payload,
                           std::uint16_t packet_id);
std::string subscribe_packet(std::string_view topic, std::uint16_t packet_id);
std::string unsubscribe_packet(std::string_view topic, std::uint16_t packet_id);
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
  void feed(std::span<const std::uint8_t> bytes);
  // The next whole packet, or nullopt: more bytes are needed, or the stream is broken().
  std::optional<MqttPacket> next();
  // The stream is not MQTT or a packet is larger than allowed; nothing can follow.
  bool broken() const { return broken_; }

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t begin_ = 0;
  bool broken_ = false;
};

}  // namespace tributary::fleet
