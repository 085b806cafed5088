// A device and its site over MQTT packets in a byte stream that is cut anywhere, while turns, deliveries and the
// passing of time come in any order: the contribution is that of an undisturbed round.
#include <doctest/doctest.h>

#include "tests/fuzz/chance.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/story.hpp"
#include "tests/unit/device/site.hpp"
#include "tributary/mqtt.h"

namespace {

using namespace device_test;
using tributary::fuzz::require;
using tributary::fuzz::Story;
using Message = std::pair<std::string, Bytes>;

// One direction: what was published goes in whole, and comes out as the bytes arrive.
class Pipe {
 public:
  Pipe() { trib_mqtt_reader_init(&reader_, buffer_.data(), buffer_.size()); }

  void publish(const Message& message) {
    unsigned char head[256];
    const auto& [topic, payload] = message;
    const std::uint16_t id = ++packet_id_ == 0 ? ++packet_id_ : packet_id_;
    const auto size = trib_mqtt_publish_head(head, sizeof head, topic.c_str(), payload.size(), id);
    require(size > 0, "the head of a PUBLISH fits");
    bytes_.insert(bytes_.end(), head, head + size);
    bytes_.insert(bytes_.end(), payload.begin(), payload.end());
  }

  std::vector<Message> deliver(std::size_t most) {
    const Bytes piece(bytes_.begin(),
                      bytes_.begin() + static_cast<std::ptrdiff_t>(std::min(most, bytes_.size())));
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(piece.size()));
    std::vector<Message> messages;
    for (std::size_t at = 0; at < piece.size();) {
      std::size_t used = 0;
      trib_mqtt_packet packet;
      const auto status =
          trib_mqtt_feed(&reader_, piece.data() + at, piece.size() - at, &used, &packet);
      at += used;
      require(status == TRIB_OK || status == TRIB_NOT_FOUND, "a genuine stream is understood");
      if (status != TRIB_OK) continue;
      messages.emplace_back(std::string(packet.topic, packet.topic_size),
                            Bytes(packet.payload, packet.payload + packet.payload_size));
    }
    return messages;
  }

  std::size_t size() const { return bytes_.size(); }

 private:
  std::array<unsigned char, 2048> buffer_{};
  trib_mqtt_reader reader_{};
  Bytes bytes_;
  std::uint16_t packet_id_ = 0;
};

class World {
 public:
  World() {
    tributary::fuzz::seed_libsodium(1);
    site_.open_round(1);
    device_.emplace(site_);
  }

  void step(std::uint8_t what, std::size_t most) {
    switch (what % 4) {
      case 0: {
        std::uint32_t wait = 0;
        (void)trib_client_turn(device_->client, &wait);
        return collect();
      }
      case 1: {
        auto arrived = up_.deliver(most);
        site_.sent = std::move(arrived);
        site_.answer();
        return collect();
      }
      case 2:
        for (const auto& [topic, payload] : down_.deliver(most)) {
          (void)trib_client_message(device_->client, topic.c_str(), payload.data(), payload.size());
          collect();
        }
        return;
      default:
        site_.now_ms += most;
        return;
    }
  }

  // Everything arrives, in turn, until the receipt is there.
  const std::vector<std::int64_t>& finish() {
    for (int i = 0; i < 400 && !site_.receipts.contains(1); ++i) {
      step(0, 0);
      step(1, up_.size());
      step(2, down_.size());
      step(3, 50);
    }
    require(site_.contributions.contains(1), "the round finishes");
    return site_.contributions.at(1);
  }

 private:
  void collect() {
    for (const auto& message : std::exchange(site_.sent, {})) up_.publish(message);
    for (const auto& message : std::exchange(site_.waiting, {})) down_.publish(message);
  }

  Site site_;
  std::optional<Device> device_;
  Pipe up_, down_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::int64_t> undisturbed = World().finish();
  World world;
  Story story(data, size);
  while (!story.over()) {
    const auto what = story.byte();
    world.step(what, 1 + story.byte());
  }
  require(world.finish() == undisturbed, "the contribution is that of an undisturbed round");
  return 0;
}
