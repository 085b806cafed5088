// A device's MQTT session: who speaks first, what is acknowledged, and when a silent broker is given up.
#include "tributary/mqtt_session.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using Bytes = std::vector<unsigned char>;

struct Line {
  Line() { trib_mqtt_session_init(&session, &transport, "ab", nullptr, buffer, sizeof buffer); }

  static trib_status send(void* user, const void* head, std::size_t head_size, const void* body,
                          std::size_t body_size) {
    auto& self = *static_cast<Line*>(user);
    if (self.full) return TRIB_NOT_CONNECTED;
    const auto* bytes = static_cast<const unsigned char*>(head);
    self.sent.assign(bytes, bytes + head_size);
    bytes = static_cast<const unsigned char*>(body);
    self.sent.insert(self.sent.end(), bytes, bytes + body_size);
    return TRIB_OK;
  }
  static std::uint64_t clock(void* user) { return static_cast<Line*>(user)->now_ms; }

  // Events until the bytes are used up.
  std::vector<trib_mqtt_event> hear(const Bytes& bytes) {
    std::vector<trib_mqtt_event> events;
    std::size_t at = 0;
    while (at < bytes.size()) {
      std::size_t used = 0;
      trib_mqtt_event event;
      status =
          trib_mqtt_session_feed(&session, bytes.data() + at, bytes.size() - at, &used, &event);
      at += used;
      if (event == TRIB_MQTT_MESSAGE) {
        heard = std::string(session.topic) + "=" +
                std::string(reinterpret_cast<const char*>(session.payload), session.payload_size);
      }
      events.push_back(event);
      if (status != TRIB_OK) break;
    }
    return events;
  }

  void connect() {
    REQUIRE(trib_mqtt_session_open(&session) == TRIB_OK);
    CHECK(hear({0x20, 2, 0, 0}) == std::vector{TRIB_MQTT_UP});
  }

  std::uint64_t now_ms = 1000;
  bool full = false;
  Bytes sent;
  std::string heard;
  trib_status status = TRIB_OK;
  unsigned char buffer[64];
  trib_mqtt_transport transport = {this, send, clock};
  trib_mqtt_session session;
};

}  // namespace

TEST_CASE("session: nothing is said before the broker accepts, CONNECT excepted") {
  Line line;
  CHECK(trib_mqtt_session_publish(&line.session, "t", "x", 1) == TRIB_NOT_CONNECTED);
  REQUIRE(trib_mqtt_session_open(&line.session) == TRIB_OK);
  CHECK(line.sent.at(0) == 0x10);
  CHECK(trib_mqtt_session_subscribe(&line.session, "t") == TRIB_NOT_CONNECTED);
  CHECK(line.hear({0x30, 3, 0, 1, 't'}) == std::vector{TRIB_MQTT_NOTHING});
  CHECK(line.status == TRIB_MALFORMED);
  line.connect();
  CHECK(trib_mqtt_session_publish(&line.session, "t", "x", 1) == TRIB_OK);
  CHECK(line.sent == Bytes{0x32, 6, 0, 1, 't', 0, 1, 'x'});
  CHECK(trib_mqtt_session_unsubscribe(&line.session, "t") == TRIB_OK);
  CHECK(line.sent == Bytes{0xa2, 5, 0, 2, 0, 1, 't'});
  line.full = true;
  CHECK(trib_mqtt_session_publish(&line.session, "t", "x", 1) == TRIB_NOT_CONNECTED);
}

TEST_CASE("session: a password is said where there is one") {
  Line line;
  line.session.password = "pw";
  REQUIRE(trib_mqtt_session_open(&line.session) == TRIB_OK);
  CHECK(line.sent == Bytes{0x10, 22, 0,   4,   'M', 'Q', 'T', 'T', 4, 0xc2, 0,   60,
                           0,    2,  'a', 'b', 0,   2,   'a', 'b', 0, 2,    'p', 'w'});
}

TEST_CASE("session: a refused session says why and stays down") {
  Line line;
  REQUIRE(trib_mqtt_session_open(&line.session) == TRIB_OK);
  line.hear({0x20, 2, 0, 5});
  CHECK(line.status == TRIB_NOT_CONNECTED);
  CHECK(line.session.refusal == 5);
  CHECK(trib_mqtt_session_publish(&line.session, "t", "x", 1) == TRIB_NOT_CONNECTED);
}

TEST_CASE("session: messages come with their topic ended, and QoS 1 is acknowledged") {
  Line line;
  line.connect();
  CHECK(line.hear({0x32, 8, 0, 2, 'a', 'b', 1, 9, 'h', 'i'}) == std::vector{TRIB_MQTT_MESSAGE});
  CHECK(line.heard == "ab=hi");
  CHECK(line.sent == Bytes{0x40, 2, 1, 9});
  line.sent.clear();
  CHECK(line.hear({0x30, 4, 0, 1, 'c', 'd'}) == std::vector{TRIB_MQTT_MESSAGE});
  CHECK(line.heard == "c=d");
  CHECK(line.sent.empty());
}

TEST_CASE(
    "session: the next one begins with a packet, whatever the last one was in the middle of") {
  Line line;
  line.connect();
  line.hear({0x32, 8, 0, 2, 'a'});
  trib_mqtt_session_close(&line.session);
  line.connect();
}

TEST_CASE("session: it speaks when it was quiet for long, and gives a silent broker up") {
  Line line;
  line.connect();
  line.sent.clear();
  line.now_ms += 25000;
  CHECK(trib_mqtt_session_turn(&line.session) == TRIB_OK);
  CHECK(line.sent.empty());
  line.now_ms += 1;
  CHECK(trib_mqtt_session_turn(&line.session) == TRIB_OK);
  CHECK(line.sent == Bytes{0xc0, 0});
  line.now_ms += 64999;
  CHECK(trib_mqtt_session_turn(&line.session) == TRIB_OK);
  line.now_ms += 1;
  CHECK(trib_mqtt_session_turn(&line.session) == TRIB_NOT_CONNECTED);
  line.hear({0xd0, 0});
  CHECK(trib_mqtt_session_turn(&line.session) == TRIB_OK);
  trib_mqtt_session_close(&line.session);
  REQUIRE(trib_mqtt_session_open(&line.session) == TRIB_OK);
  line.now_ms += 20001;
  CHECK(trib_mqtt_session_turn(&line.session) == TRIB_NOT_CONNECTED);
}

TEST_CASE("session: packet ids go round without 0") {
  Line line;
  line.connect();
  for (int i = 1; i <= 65535; ++i) {
    REQUIRE(trib_mqtt_session_subscribe(&line.session, "t") == TRIB_OK);
    REQUIRE((line.sent[2] << 8 | line.sent[3]) == i);
  }
  REQUIRE(trib_mqtt_session_subscribe(&line.session, "t") == TRIB_OK);
  CHECK((line.sent[2] << 8 | line.sent[3]) == 1);
}
