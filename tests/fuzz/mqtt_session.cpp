// What a broker may say to a device's session: it is taken the same however it is cut, never more is used than was
// given, and nothing is said before the session is up.
#include <cstdlib>
#include <string>

#include "tributary/mqtt_session.h"

namespace {

struct Talk {
  std::string said;
  std::string heard;
  trib_status ended = TRIB_OK;
  bool operator==(const Talk&) const = default;
};

trib_status send(void* user, const void* head, std::size_t head_size, const void* body,
                 std::size_t body_size) {
  auto& talk = *static_cast<Talk*>(user);
  talk.said.append(static_cast<const char*>(head), head_size);
  if (body_size > 0) talk.said.append(static_cast<const char*>(body), body_size);
  return TRIB_OK;
}

std::uint64_t clock_of(void*) {
  return 1;
}

Talk listen(const std::uint8_t* data, std::size_t size, std::size_t piece) {
  Talk talk;
  unsigned char buffer[512];
  trib_mqtt_session session;
  const trib_mqtt_transport transport = {&talk, send, clock_of};
  trib_mqtt_session_init(&session, &transport, "0123", nullptr, buffer, sizeof buffer);
  if (trib_mqtt_session_open(&session) != TRIB_OK) std::abort();
  const std::size_t greeting = talk.said.size();
  for (std::size_t at = 0; at < size;) {
    const std::size_t end = std::min(size, at + piece);
    std::size_t used = 0;
    trib_mqtt_event event;
    talk.ended = trib_mqtt_session_feed(&session, data + at, end - at, &used, &event);
    if (used > end - at) std::abort();
    if (!session.up && talk.said.size() != greeting) std::abort();
    if (talk.ended != TRIB_OK) return talk;
    at += used;
    if (event == TRIB_MQTT_MESSAGE) {
      talk.heard.append(session.topic).append("=");
      talk.heard.append(reinterpret_cast<const char*>(session.payload), session.payload_size);
    }
    if (event == TRIB_MQTT_NOTHING && used == 0) std::abort();  // no progress
  }
  return talk;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] % 16;
  if (!(listen(data + 1, size - 1, size) == listen(data + 1, size - 1, piece))) std::abort();
  return 0;
}
