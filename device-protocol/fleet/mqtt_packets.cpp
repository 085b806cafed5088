#include "device-protocol/fleet/mqtt_packets.hpp"

#include <algorithm>

namespace tributary::fleet {
namespace {

constexpr std::size_t kLargestPacket = 262208 + 256;  // PROTOCOL.md 2, and the topic
constexpr std::size_t kLargestHead = 512;

// `encode` fills a buffer and returns the size.
template <class Encode>
std::string packet(Encode encode) {
  unsigned char bytes[kLargestHead];
  const std::size_t size = encode(bytes, sizeof bytes);
  return {bytes, bytes + size};
}

}  // namespace

std::string connect_packet(const std::string& identity, std::uint16_t keep_alive_seconds) {
  return packet([&](unsigned char* out, std::size_t capacity) {
    return trib_mqtt_connect(out, capacity, identity.c_str(), identity.c_str(), keep_alive_seconds);
  });
}

std::string connect_packet(const std::string& identity, std::uint16_t keep_alive_seconds,
                           const LastWill& will) {
  if (will.topic.empty()) return connect_packet(identity, keep_alive_seconds);
  return packet([&](unsigned char* out, std::size_t capacity) {
    return trib_mqtt_connect_will(out, capacity, identity.c_str(), identity.c_str(),
                                  keep_alive_seconds, will.topic.c_str(), will.payload.data(),
                                  will.payload.size());
  });
}

std::string retained(std::string packet) {
  packet[0] = static_cast<char>(packet[0] | TRIB_MQTT_RETAIN);
  return packet;
}

std::string publish_packet(const std::string& topic, std::span<const std::uint8_t> payload,
                           std::uint16_t packet_id) {
  auto bytes = packet([&](unsigned char* out, std::size_t capacity) {
    return trib_mqtt_publish_head(out, capacity, topic.c_str(), payload.size(), packet_id);
  });
  bytes.append(payload.begin(), payload.end());
  return bytes;
}

std::string subscribe_packet(const std::string& topic, std::uint16_t packet_id) {
  return packet([&](unsigned char* out, std::size_t capacity) {
    return trib_mqtt_subscribe(out, capacity, topic.c_str(), packet_id);
  });
}

std::string unsubscribe_packet(const std::string& topic, std::uint16_t packet_id) {
  return packet([&](unsigned char* out, std::size_t capacity) {
    return trib_mqtt_unsubscribe(out, capacity, topic.c_str(), packet_id);
  });
}

std::string acknowledge_packet(std::uint16_t packet_id) {
  return packet([&](unsigned char* out, std::size_t capacity) {
    return trib_mqtt_puback(out, capacity, packet_id);
  });
}

std::string ping_packet() {
  return packet(trib_mqtt_pingreq);
}
std::string disconnect_packet() {
  return packet(trib_mqtt_disconnect);
}

// The buffer's pages cost memory only as far as packets filled them.
PacketReader::PacketReader()
    : buffer_(std::make_unique_for_overwrite<unsigned char[]>(kLargestPacket)) {
  trib_mqtt_reader_init(&reader_, buffer_.get(), kLargestPacket);
}

std::optional<MqttPacket> PacketReader::next() {
  std::size_t used = 0;
  trib_mqtt_packet packet{};
  if (broken_) return std::nullopt;
  const auto status = trib_mqtt_feed(&reader_, rest_.data(), rest_.size(), &used, &packet);
  rest_ = rest_.subspan(used);
  if (status != TRIB_OK) {
    broken_ = status != TRIB_NOT_FOUND;
    return std::nullopt;
  }
  if (packet.type == TRIB_MQTT_CONNACK) return ConnectAnswer{packet.code};
  if (packet.type != TRIB_MQTT_PUBLISH) return OtherAnswer{};
  return IncomingPublish{{packet.topic, packet.topic_size},
                         {packet.payload, packet.payload + packet.payload_size},
                         packet.packet_id};
}

}  // namespace tributary::fleet
