// What a device hears, at any moment of a round: keys, offers, model chunks, welcomes, credits, receipts and rejects,
// changed or out of place. What it contributes stays the vector it trained, nothing reaches the gateway that the
// gateway would take for an attack, and the next round is a round like any other.
#include <doctest/doctest.h>

#include "tests/fuzz/chance.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/story.hpp"
#include "tests/unit/device/site.hpp"

namespace {

using namespace device_test;
using tributary::fuzz::require;
using tributary::fuzz::Story;

constexpr std::uint64_t two_hours_ms = 7'200'000;

class World {
 public:
  World() {
    site_.open_round(1);
    device_.emplace(site_);
  }

  void turn() {
    site_.answer();
    for (const auto& [topic, payload] : site_.waiting) {
      heard_[topic] = std::string(payload.begin(), payload.end());
    }
    site_.now_ms += std::min<std::uint32_t>(device_->run_once(), 1000);
  }

  void hostile(Story& story) {
    const std::string down = "tributary/v1/device/" + site_.device.hex() + "/down/";
    const auto kind = story.byte();
    std::string topic;
    std::string genuine;
    if (kind % 8 == 7 || heard_.empty()) {
      const char* kinds[] = {"welcome", "credit", "receipt", "reject", "prekey", "shares", "", "/"};
      topic = down + kinds[story.byte() % 8];
    } else if (kind % 8 == 6) {
      topic = down + "reject";
      genuine = reject(story);
    } else if (kind % 8 == 5) {
      topic = down + "receipt";
      genuine = forged_receipt(story);
    } else {
      const auto at =
          std::next(heard_.begin(), static_cast<std::ptrdiff_t>(kind / 8 % heard_.size()));
      std::tie(topic, genuine) = *at;
    }
    if (story.byte() % 8 == 0) topic = story.edited(topic);
    const auto payload = story.edited(genuine);
    topic = topic.c_str();
    // Whoever speaks for the gateway may end a round; everything else may not.
    ended_ = ended_ || topic.find("/reject") != std::string::npos ||
             (topic.find("/offer/") != std::string::npos && payload.empty());
    (void)trib_client_message(device_->client, topic.c_str(), payload.data(), payload.size());
  }

  void finish() {
    device_->run(two_hours_ms);
    require(ended_ || site_.receipts.contains(1),
            "nothing but a reject or an empty offer ends a round");
    if (const auto made = site_.contributions.find(1); made != site_.contributions.end()) {
      const std::vector<std::int64_t> trained(site_.revealed.begin(), site_.revealed.end());
      require(made->second == trained, "the contribution is the trained vector");
    }
    site_.unix_seconds += 10;
    site_.open_round(2);
    trib_client_connected(device_->client);
    device_->run(two_hours_ms);
    require(site_.contributions.contains(2), "the device takes part in the next round");
  }

 private:
  std::string forged_receipt(Story& story) {
    v1::Reject upload;
    upload.ParseFromString(reject(story));
    v1::Receipt message;
    message.set_ctx_hash(upload.ctx_hash());
    message.set_nonce(upload.nonce());
    message.set_digest(std::string(32, 'd'));
    message.set_mac(std::string(16, 'm'));
    return message.SerializeAsString();
  }

  // Of the upload under way, for any reason.
  std::string reject(Story& story) {
    v1::Reject message;
    for (const auto& [topic, payload] : heard_) {
      v1::Credit credit;
      if (!topic.ends_with("/credit") || !credit.ParseFromString(payload)) continue;
      message.set_ctx_hash(credit.ctx_hash());
      message.set_nonce(credit.nonce());
    }
    message.set_reason(static_cast<v1::RejectReason>(story.byte() % 32));
    message.set_retry_after_seconds(story.byte() % 4);
    return message.SerializeAsString();
  }

  Site site_;
  std::optional<Device> device_;
  std::map<std::string, std::string> heard_;  // the last of each topic
  bool ended_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tributary::fuzz::seed_libsodium(1);
  Story story(data, size);
  World world;
  for (int messages = 0; messages < 8 && !story.over(); ++messages) {
    for (int turns = story.byte() % 16; turns > 0; --turns) world.turn();
    world.hostile(story);
  }
  world.finish();
  return 0;
}
