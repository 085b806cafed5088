// The MQTT codec: the same packets come out of a stream however it is cut into pieces.
#include <cstdlib>
#include <string>
#include <vector>

#include "tributary/mqtt.h"

namespace {

struct Outcome {
  std::vector<std::string> packets;
  trib_status ended = TRIB_NOT_FOUND;
  bool operator==(const Outcome&) const = default;
};

std::string text_of(const trib_mqtt_packet& packet) {
  std::string text = std::to_string(packet.type) + "," + std::to_string(packet.packet_id) + "," +
                     std::to_string(packet.code) + "," + std::to_string(packet.retained) + ",";
  if (packet.type == TRIB_MQTT_PUBLISH) {
    text.append(packet.topic, packet.topic_size).append(",");
    text.append(reinterpret_cast<const char*>(packet.payload), packet.payload_size);
  }
  return text;
}

Outcome read(const std::uint8_t* data, std::size_t size, std::size_t piece) {
  unsigned char buffer[512];
  trib_mqtt_reader reader;
  trib_mqtt_reader_init(&reader, buffer, sizeof buffer);
  Outcome outcome;
  for (std::size_t at = 0; at < size;) {
    const std::size_t end = std::min(size, at + piece);
    std::size_t used = 0;
    trib_mqtt_packet packet;
    const auto status = trib_mqtt_feed(&reader, data + at, end - at, &used, &packet);
    at += used;
    if (status == TRIB_OK) {
      outcome.packets.push_back(text_of(packet));
    } else if (status != TRIB_NOT_FOUND) {
      outcome.ended = status;
      return outcome;
    } else if (at != end) {
      std::abort();  // says it needs more, but left bytes
    }
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] % 16;
  if (!(read(data + 1, size - 1, size) == read(data + 1, size - 1, piece))) std::abort();
  return 0;
}
