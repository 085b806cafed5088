#include "tributary/mqtt.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using Packet = std::vector<unsigned char>;

struct Received {
  trib_mqtt_type type;
  std::uint16_t packet_id;
  std::string topic;
  std::string payload;
  bool operator==(const Received&) const = default;
};

// Feeds the stream in pieces of `piece` bytes.
std::vector<Received> read_all(const Packet& stream, std::size_t piece) {
  std::vector<unsigned char> buffer(64);
  trib_mqtt_reader reader;
  trib_mqtt_reader_init(&reader, buffer.data(), buffer.size());
  std::vector<Received> packets;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    std::size_t begin = at;
    const std::size_t end = std::min(stream.size(), at + piece);
    while (begin < end) {
      std::size_t used = 0;
      trib_mqtt_packet packet;
      const auto status =
          trib_mqtt_feed(&reader, stream.data() + begin, end - begin, &used, &packet);
      begin += used;
      if (status == TRIB_NOT_FOUND) break;
      REQUIRE(status == TRIB_OK);
      packets.push_back({packet.type,
                         packet.packet_id,
                         {packet.topic, packet.topic_size},
                         {reinterpret_cast<const char*>(packet.payload), packet.payload_size}});
    }
  }
  return packets;
}

Packet publish(const std::string& topic, const std::string& payload, std::uint16_t id) {
  Packet out(256);
  out.resize(trib_mqtt_publish_head(out.data(), out.size(), topic.c_str(), payload.size(), id));
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

trib_status feed(const Packet& bytes, std::size_t capacity = 64) {
  std::vector<unsigned char> buffer(capacity);
  trib_mqtt_reader reader;
  trib_mqtt_reader_init(&reader, buffer.data(), capacity);
  std::size_t used = 0;
  trib_mqtt_packet packet;
  return trib_mqtt_feed(&reader, bytes.data(), bytes.size(), &used, &packet);
}

}  // namespace

TEST_CASE("packets as OASIS MQTT 3.1.1 has them") {
  Packet out(64);
  out.resize(trib_mqtt_connect(out.data(), out.size(), "ab", "u", 60));
  CHECK(out ==
        Packet{0x10, 17, 0, 4, 'M', 'Q', 'T', 'T', 4, 0x82, 0, 60, 0, 2, 'a', 'b', 0, 1, 'u'});
  out.resize(64);
  const unsigned char will[] = {7, 8};
  out.resize(trib_mqtt_connect_will(out.data(), out.size(), "ab", "u", 60, "w", will, 2));
  CHECK(out == Packet{0x10, 24,  0,   4, 'M', 'Q', 'T', 'T', 4, 0xae, 0, 60, 0,
                      2,    'a', 'b', 0, 1,   'w', 0,   2,   7, 8,    0, 1,  'u'});
  CHECK(trib_mqtt_connect_will(out.data(), 25, "ab", "u", 60, "w", will, 2) == 0);
  CHECK(publish("t", "xy", 258) == Packet{0x32, 7, 0, 1, 't', 1, 2, 'x', 'y'});
  CHECK(publish("t", "", 0) == Packet{0x30, 3, 0, 1, 't'});
  out.resize(64);
  out.resize(trib_mqtt_subscribe(out.data(), out.size(), "a/+", 5));
  CHECK(out == Packet{0x82, 8, 0, 5, 0, 3, 'a', '/', '+', 1});
  out.resize(64);
  out.resize(trib_mqtt_unsubscribe(out.data(), out.size(), "a", 6));
  CHECK(out == Packet{0xa2, 5, 0, 6, 0, 1, 'a'});
  out.resize(64);
  out.resize(trib_mqtt_puback(out.data(), out.size(), 7));
  CHECK(out == Packet{0x40, 2, 0, 7});
  out.resize(64);
  out.resize(trib_mqtt_pingreq(out.data(), out.size()));
  CHECK(out == Packet{0xc0, 0});
  out.resize(64);
  out.resize(trib_mqtt_disconnect(out.data(), out.size()));
  CHECK(out == Packet{0xe0, 0});
}

TEST_CASE("what does not fit is not written") {
  const Packet whole = publish("topic", "", 9);
  for (std::size_t capacity = 0; capacity < whole.size(); ++capacity) {
    Packet out(capacity + 1, 0xee);
    CHECK(trib_mqtt_publish_head(out.data(), capacity, "topic", 0, 9) == 0);
    CHECK(out[capacity] == 0xee);
  }
  Packet out(70000);
  CHECK(trib_mqtt_publish_head(out.data(), out.size(), std::string(65536, 'x').c_str(), 0, 1) == 0);
  CHECK(trib_mqtt_publish_head(out.data(), out.size(), "t", 300000000, 1) == 0);
}

TEST_CASE("a stream reads the same in every fragmentation") {
  Packet stream = {0x20, 2, 0, 0};  // CONNACK
  for (const auto& packet :
       {publish("a/b", "hello", 7), publish("c", "", 0), Packet{0x90, 3, 0, 1, 1}, Packet{0xd0, 0},
        Packet{0x40, 2, 1, 0}, publish("d", std::string(40, 'z'), 3)}) {
    stream.insert(stream.end(), packet.begin(), packet.end());
  }
  const std::vector<Received> expected = {{TRIB_MQTT_CONNACK, 0, "", ""},
                                          {TRIB_MQTT_PUBLISH, 7, "a/b", "hello"},
                                          {TRIB_MQTT_PUBLISH, 0, "c", ""},
                                          {TRIB_MQTT_SUBACK, 1, "", ""},
                                          {TRIB_MQTT_PINGRESP, 0, "", ""},
                                          {TRIB_MQTT_PUBACK, 256, "", ""},
                                          {TRIB_MQTT_PUBLISH, 3, "d", std::string(40, 'z')}};
  for (std::size_t piece = 1; piece <= stream.size(); ++piece)
    CHECK(read_all(stream, piece) == expected);
}

TEST_CASE("hostile packets are refused") {
  CHECK(feed({0x30, 1, 0}) == TRIB_MALFORMED);                       // no topic length
  CHECK(feed({0x30, 3, 0, 9, 't'}) == TRIB_MALFORMED);               // topic longer than the packet
  CHECK(feed({0x30, 2, 0, 0}) == TRIB_MALFORMED);                    // empty topic
  CHECK(feed({0x32, 4, 0, 1, 't', 0}) == TRIB_MALFORMED);            // no packet id
  CHECK(feed({0x32, 5, 0, 1, 't', 0, 0}) == TRIB_MALFORMED);         // packet id 0
  CHECK(feed({0x34, 5, 0, 1, 't', 0, 1}) == TRIB_MALFORMED);         // QoS 2
  CHECK(feed({0x20, 3, 0, 0, 0}) == TRIB_MALFORMED);                 // CONNACK of 3 bytes
  CHECK(feed({0x41, 2, 0, 1}) == TRIB_MALFORMED);                    // reserved flags
  CHECK(feed({0x10, 0}) == TRIB_MALFORMED);                          // a client's packet
  CHECK(feed({0x30, 0xff, 0xff, 0xff, 0xff, 1}) == TRIB_MALFORMED);  // five length bytes
  CHECK(feed({0x30, 65}) == TRIB_NO_SPACE);
  CHECK(feed({0x30, 64}) == TRIB_NOT_FOUND);
}
